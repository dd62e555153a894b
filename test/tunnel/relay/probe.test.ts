import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { originOf } from '../../../src/model/master-endpoint.ts';
import { findProbeAnswer, findUrlTrouble, makeProbe, probePublicEnd } from '../../../src/tunnel/relay/probe.ts';
import { startRelay } from '../../../src/tunnel/relay/relay.ts';
import { freePort, serveTcp } from '../../support/tunnel/sockets.ts';

const { signal } = new AbortController();
const secret = 's3cret';
const at = (port: number) => ({ scheme: 'http' as const, host: '127.0.0.1', port });
const probe = (port: number, timeoutMs = 500) => probePublicEnd(at(port), secret, { signal, timeoutMs });

test('a nonce comes back through a relay', async () => {
  const relay = await startRelay({ target: { host: '127.0.0.1', port: 1 }, secret });
  onTestFinished(relay.close);
  expect(await probe(relay.port, 10_000)).toBe(true);
});

test('an answer with more around it came not through the relay as it was sent', async () => {
  const { port } = await serveTcp((socket) =>
    socket.once('data', (head) => {
      const body = `<p>${findProbeAnswer(String(head), secret)}</p>`;
      socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    }),
  );
  expect(await probe(port, 10_000)).toMatch(
    /answers 200 without the nonce: something else is behind this address \(<p>/,
  );
});

test('only who has the secret gets an answer, and each nonce has its own', () => {
  const head = (path: string) => `GET ${path} HTTP/1.1\r\n\r\n`;
  const [one, two] = [makeProbe(secret), makeProbe(secret)];
  expect(findProbeAnswer(head(one.path), secret)).toBe(one.answer);
  expect(one.answer).not.toBe(two.answer);
  expect(findProbeAnswer(head(one.path), 'other')).toBeUndefined();
  expect(one.path).not.toContain(secret);
});

test.each<[string, string, string]>([
  [
    'another server',
    'HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\ngone',
    'answers 404 without the nonce: something else is behind this address (gone)',
  ],
  [
    'one that echoes',
    'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n0123',
    'answers 200 without the nonce: something else is behind this address (0123)',
  ],
])('%s is not our relay', async (_, answer, expected) => {
  const { port } = await serveTcp((socket) => socket.end(answer));
  expect(await probe(port)).toBe(`http://127.0.0.1:${port} ${expected}`);
});

/** As ngrok answers instead of an endpoint; the header may be lost on the way. */
const ngrokPage = (code: number, message: string) => `<!DOCTYPE html>
<html class="h-full" lang="en-US" dir="ltr">
  <head>${'<link rel="preload" href="https://assets.ngrok.com/fonts/x.woff" as="font" />'.repeat(20)}
    <noscript>${message} (ERR_NGROK_${code})</noscript>
  </head>
  <body class="h-full" id="ngrok"><div id="root" data-payload="eyJjb2RlIjoiIn0="></div></body>
</html>`;

test.each([
  ['in a header', 'Ngrok-Error-Code: ERR_NGROK_727\r\n', 'a page without it'],
  ['in the page, far behind its beginning', '', ngrokPage(727, 'reached its HTTP requests limit for the month.')],
])('a page of ngrok is known by its code %s', async (_, header, page) => {
  const head = `HTTP/1.1 403 Forbidden\r\n${header}content-length: ${page.length}\r\n\r\n`;
  const { port } = await serveTcp((socket) => socket.end(head + page));
  const seen = await probe(port);
  expect(seen).toMatch(/answers 403 without the nonce: a page of ngrok, ERR_NGROK_727 \((?:reached|a page)/);
  expect(String(seen).length).toBeLessThan(300);
});

test.each([
  ['an answer', async () => (await serveTcp((socket) => socket.end('HTTP/1.1 404 Not Found\r\n\r\n'))).port, 1],
  ['an end before an answer', async () => (await serveTcp((socket) => socket.destroy())).port, 1],
  ['no answer in time', async () => (await serveTcp(() => undefined)).port, 1],
  ['no connection', freePort, 0],
] as const)('what may have been counted: %s', async (_, open, sent) => {
  const counted: true[] = [];
  await probePublicEnd(at(await open()), secret, { signal, timeoutMs: 100, onSent: () => counted.push(true) });
  expect(counted).toHaveLength(sent);
});

test('nobody there, one that hangs up and one that hangs', async () => {
  const free = await freePort();
  expect(await probe(free)).toBe(`127.0.0.1:${free} cannot be reached: connect ECONNREFUSED 127.0.0.1:${free}`);
  const closing = await serveTcp((socket) => socket.destroy());
  expect(await probe(closing.port)).toBe(
    `http://127.0.0.1:${closing.port} accepts the connection and closes it without an answer`,
  );
  const hanging = await serveTcp(() => undefined);
  expect(await probe(hanging.port, 100)).toBe(`http://127.0.0.1:${hanging.port} gave no answer within 0.1s`);
});

test('a certificate that tasks would not trust is explained; a trusted one is fine', async () => {
  const fixture = (name: string) => readFile(join(import.meta.dirname, '../../fixtures', name));
  const [key, cert] = await Promise.all([fixture('localhost-key.pem'), fixture('localhost-cert.pem')]);
  const relay = await startRelay({ target: { host: '127.0.0.1', port: 1 }, secret });
  const server = createServer({ key, cert });
  // a public end that takes TLS off, as ngrok's does
  server.removeAllListeners('request').on('secureConnection', (socket) => {
    const inner = connect(relay.port, '127.0.0.1').on('error', () => socket.destroy());
    socket
      .on('error', () => inner.destroy())
      .pipe(inner)
      .pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.close();
    await relay.close();
  });
  const { port } = server.address() as AddressInfo;
  const address = { scheme: 'https', host: 'localhost', port } as const;
  expect(await probePublicEnd(address, secret, { signal })).toBe(
    `the certificate of https://localhost:${port} is self-signed: tasks would not trust it either`,
  );
  expect(await probePublicEnd(address, secret, { signal, ca: cert.toString() })).toBe(true);
  expect(await findUrlTrouble(address, { signal })).toContain('is self-signed');
  expect(await findUrlTrouble(address, { signal, ca: cert.toString() })).toBeUndefined();
  expect(await probePublicEnd({ ...at(relay.port), scheme: 'https' }, secret, { signal, timeoutMs: 500 })).toMatch(
    /^https:\/\/127\.0\.0\.1:\d+ (does not speak TLS: is the scheme http\?|accepts the connection and closes it)/,
  );
});

test('an address of the user at which nothing answers yet is no trouble', async () => {
  expect(await findUrlTrouble(at(await freePort()), { signal })).toBeUndefined();
});

test('an abort gives its reason', async () => {
  const { port } = await serveTcp(() => undefined);
  const controller = new AbortController();
  const probing = probePublicEnd(at(port), secret, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(probing).rejects.toThrow('enough');
});

test('an IPv6 address stands in brackets', () => {
  expect(originOf({ scheme: 'http', host: '2001:db8::1', port: 80 })).toBe('http://[2001:db8::1]:80');
});

test.each([
  'http://127.0.0.1:1/admin/shutdown',
  'http://[',
  'ftp://x/',
  'http://%zz:%zz@127.0.0.1/',
])('a redirect is not followed, wherever it leads: %s', async (location) => {
  let asked = 0;
  const inner = await serveTcp((socket) => {
    asked++;
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret');
  });
  const to = location.replace('127.0.0.1:1/', `127.0.0.1:${inner.port}/`);
  const { port } = await serveTcp((socket) =>
    socket.end(`HTTP/1.1 302 Found\r\nlocation: ${to}\r\ncontent-length: 0\r\n\r\n`),
  );
  expect(await probe(port)).toBe(
    `http://127.0.0.1:${port} answers 302 without the nonce: something else is behind this address ()`,
  );
  expect(await findUrlTrouble(at(port), { signal })).toBeUndefined();
  expect(asked).toBe(0);
});
