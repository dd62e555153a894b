import { Agent as HttpAgent, get as httpGet, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, get as httpsGet } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { hasCode, messageOf } from './errors.ts';

export type HttpOptions = {
  readonly signal: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
  /** PEM text of the authorities to trust instead of the usual ones. */
  readonly ca?: string;
  /** Variables such as HTTPS_PROXY and NO_PROXY, for a machine behind a proxy. */
  readonly proxyEnv?: Readonly<Record<string, string | undefined>>;
  /** Until the connection stands. */
  readonly connectTimeoutMs?: number;
  /** Without a single byte, once connected. */
  readonly stallTimeoutMs?: number;
};

/** An answer whose body has not been read yet. `url` is where redirects led. */
export type HttpResponse = { readonly url: URL; readonly status: number; readonly message: IncomingMessage };

/** `unreachable`: no connection; `stalled`, `truncated`: the answer broke off; `refused`: we do not follow. */
type HttpTrouble = 'unreachable' | 'stalled' | 'truncated' | 'refused';

export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly trouble: HttpTrouble;

  constructor(trouble: HttpTrouble, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.trouble = trouble;
  }
}

const seconds = (ms: number): string => `${ms / 1000} s`;

/** What a failed connection says, without the address list that Node puts in front. */
const reasonOf = (error: unknown): string => {
  const [first] = error instanceof AggregateError ? error.errors : [error];
  return hasCode(first, 'ENOTFOUND') || hasCode(first, 'EAI_AGAIN') ? 'its name does not resolve' : messageOf(first);
};

/** Behind a proxy a socket is handed out when its tunnel stands already. */
const isConnected = (socket: Socket): boolean =>
  !socket.connecting && !(socket instanceof TLSSocket && socket.getProtocol() === null);

/** `proxy.example:3128` means an HTTP proxy to curl and to the go command; Node.js would ignore it. */
const withScheme = ([name, value]: readonly [string, string | undefined]) =>
  [name, value && /^https?_proxy$/i.test(name) && !value.includes('://') ? `http://${value}` : value] as const;

const makeAgent = (isSecure: boolean, proxyEnv: HttpOptions['proxyEnv'] = {}): HttpAgent => {
  const env = Object.fromEntries(Object.entries(proxyEnv).map(withScheme));
  try {
    return new (isSecure ? HttpsAgent : HttpAgent)({ proxyEnv: env });
  } catch (error) {
    if (!hasCode(error, 'ERR_PROXY_INVALID_CONFIG')) throw error;
    // its message has the URL, which may hold a password
    const message = 'HTTPS_PROXY or HTTP_PROXY is no URL such as http://proxy.example:3128';
    throw new HttpError('unreachable', message, error);
  }
};

const request = (url: URL, options: HttpOptions): Promise<IncomingMessage> => {
  const { signal, headers = {}, ca, proxyEnv, connectTimeoutMs = 2000, stallTimeoutMs = 15_000 } = options;
  const isSecure = url.protocol === 'https:';
  const agent = makeAgent(isSecure, proxyEnv);
  const get = isSecure ? httpsGet : httpGet;
  return new Promise((resolve, reject) => {
    let connected = false;
    let response: IncomingMessage | undefined;
    const sent = get(url, { agent, headers, signal, ...(ca !== undefined && { ca }) });
    const timer = setTimeout(() => {
      sent.destroy(new HttpError('unreachable', `${url.host} does not answer within ${seconds(connectTimeoutMs)}`));
    }, connectTimeoutMs);
    const onStall = () =>
      (response ?? sent).destroy(new HttpError('stalled', `${url.host} sent nothing for ${seconds(stallTimeoutMs)}`));
    const onConnect = () => {
      if (connected) return;
      connected = true;
      clearTimeout(timer);
      sent.setTimeout(stallTimeoutMs, onStall);
    };
    sent.once('socket', (socket) => {
      if (isConnected(socket)) onConnect();
      else socket.once(isSecure ? 'secureConnect' : 'connect', onConnect);
    });
    sent.once('response', (message) => {
      response = message;
      resolve(message);
    });
    sent.once('close', () => clearTimeout(timer));
    sent.on('error', (error) => {
      if (signal.aborted) reject(signal.reason);
      else if (error instanceof HttpError) reject(error);
      else if (connected) reject(new HttpError('truncated', `${url.host}: ${messageOf(error)}`, error));
      else reject(new HttpError('unreachable', `${url.host} cannot be reached: ${reasonOf(error)}`, error));
    });
  });
};

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

/** Where a redirect leads. Never from https to plain http. */
const nextUrl = (from: URL, location: string | undefined): URL => {
  if (!location) throw new HttpError('refused', `${from.host} redirects to nowhere`);
  const to = new URL(location, from);
  if (from.protocol === 'https:' && to.protocol !== 'https:') {
    throw new HttpError('refused', `${from.host} redirects to ${to.protocol}//${to.host}, which is not https`);
  }
  return to;
};

const withoutAuthorization = (headers: HttpOptions['headers'] = {}) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'));

/** Sends a GET and follows redirects. Credentials go to the first host only. */
export const httpRequest = async (url: string | URL, options: HttpOptions, hops = 5): Promise<HttpResponse> => {
  const from = new URL(url);
  const message = await request(from, options);
  const status = message.statusCode ?? 0;
  if (!isRedirect(status)) return { url: from, status, message };
  message.resume();
  if (hops === 0) throw new HttpError('refused', `${from.host} redirects without end`);
  const to = nextUrl(from, message.headers.location);
  const headers = to.host === from.host ? options.headers : withoutAuthorization(options.headers);
  return httpRequest(to, { ...options, ...(headers && { headers }) }, hops - 1);
};

/** The body's chunks. Throws an {@link HttpError} when it stalls or ends early. */
export async function* readBody({ url, message }: HttpResponse, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of message) yield chunk as Buffer;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HttpError) throw error;
    throw new HttpError('truncated', `${url.host} ended the answer early: ${messageOf(error)}`, error);
  }
}

/** The body as bytes, for small answers. */
export const readBytes = async (response: HttpResponse, signal: AbortSignal, limit = 8e6): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of readBody(response, signal)) {
    size += chunk.length;
    if (size > limit) throw new HttpError('refused', `${response.url.host} sent more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};
