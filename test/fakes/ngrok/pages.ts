import type { IncomingMessage, ServerResponse } from 'node:http';

/** Of https://ngrok.com/docs/errors, with the status of the page. */
const pages: Readonly<Record<number, readonly [status: number, title: string, message: string]>> = {
  703: [
    429,
    'Too Many Requests',
    'Too many connections! The account hosting this endpoint has violated the rate-limit policy.',
  ],
  727: [403, 'Forbidden', 'This ngrok account has reached its HTTP requests limit for the month.'],
  734: [
    429,
    'Too Many Requests',
    'You have exceeded your limit of 4000 requests per 1m. This limit will reset within 1 minute.',
  ],
  3200: [404, 'Not Found', 'The endpoint is offline.'],
  3208: [403, 'Forbidden', 'The account associated with this hostname has been banned.'],
  6024: [
    200,
    'OK',
    'You are about to visit this endpoint. You should only visit this website if you trust whoever sent the link to you.',
  ],
  8012: [
    502,
    'Bad Gateway',
    'Traffic was successfully tunneled to the ngrok agent, but the agent failed to establish a connection.',
  ],
};

/** A page of ngrok: the message for those without scripts, and the same for its script; the code is in a header, too. */
export const answerPage = (code: number, response: ServerResponse): void => {
  const [status, title, message] = pages[code] ?? [503, 'Service Unavailable', 'ngrok gateway error'];
  const payload = Buffer.from(
    JSON.stringify({ cdnBase: 'https://cdn.ngrok.com/', code: String(code), message, title }),
  ).toString('base64');
  response.writeHead(status, { 'content-type': 'text/html', 'ngrok-error-code': `ERR_NGROK_${code}` });
  response.end(`<!DOCTYPE html>
<html class="h-full" lang="en-US" dir="ltr">
  <head>
    <link rel="preload" href="https://assets.ngrok.com/fonts/ibm-plex-mono/IBMPlexMono-Text.woff" as="font" type="font/woff" crossorigin="anonymous" />
    <meta name="author" content="ngrok">
    <meta name="robots" content="noindex, nofollow">
    <link id="style" rel="stylesheet" href="https://cdn.ngrok.com/static/css/error.css">
    <noscript>${message} (ERR_NGROK_${code})</noscript>
    <script id="script" src="https://cdn.ngrok.com/static/js/error.js" type="text/javascript"></script>
  </head>
  <body class="h-full" id="ngrok">
    <div id="root" data-payload="${payload}"></div>
  </body>
</html>
`);
};

/** A free account's endpoint has a page before it that warns those who come with a browser. */
export const isWarned = ({ headers }: IncomingMessage): boolean =>
  /^Mozilla\//.test(headers['user-agent'] ?? '') && headers['ngrok-skip-browser-warning'] === undefined;
