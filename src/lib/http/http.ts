import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { hasCode, messageOf } from '../errors.ts';
import { basicAuthorization } from './credentials.ts';
import { loadUndici, openDispatcher, type ProxyEnv, type TlsOptions } from './dispatcher.ts';
import { HttpError } from './error.ts';

export { HttpError } from './error.ts';

export type HttpOptions = TlsOptions & {
  readonly signal: AbortSignal;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** `manual` returns a redirect instead of following it. */
  readonly redirect?: 'follow' | 'manual';
  /** Variables such as HTTPS_PROXY and NO_PROXY, for a machine behind a proxy. */
  readonly proxyEnv?: ProxyEnv;
  /** Connect timeout. */
  readonly connectTimeoutMs?: number;
  /** Timeout without any byte, once connected. */
  readonly stallTimeoutMs?: number;
};

/** A response whose body is still to be read: read it, or {@link discardBody}. `url` is the one after redirects. */
export type HttpResponse = {
  readonly url: URL;
  readonly status: number;
  readonly statusText: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Dispatcher.ResponseData['body'];
  /** Explains a failure of the body. */
  readonly explain: (error: unknown) => HttpError;
};

const seconds = (ms: number): string => `${ms / 1000} s`;

/** The reason of a failed connection, without the list of addresses that Node.js puts before it. */
const reasonOf = (error: unknown): string => {
  const [first] = error instanceof AggregateError ? error.errors : [error];
  if (hasCode(first, 'ENOTFOUND') || hasCode(first, 'EAI_AGAIN')) return 'its name does not resolve';
  const refusal = /Proxy response \((\d+)\)/.exec(messageOf(first))?.[1];
  return refusal ? `the proxy responds with ${refusal}` : messageOf(first);
};

const findStall = ({ host }: URL, stallTimeoutMs: number, error: unknown) =>
  hasCode(error, 'UND_ERR_HEADERS_TIMEOUT') || hasCode(error, 'UND_ERR_BODY_TIMEOUT')
    ? new HttpError('stalled', `${host} sent nothing for ${seconds(stallTimeoutMs)}`, error)
    : undefined;

/** One timeout for the whole connection: through a proxy, that is three handshakes. */
const limitConnecting = ({ host }: URL, timeoutMs: number) => {
  const late = new AbortController();
  const end = () => late.abort(new HttpError('unreachable', `${host} does not answer within ${seconds(timeoutMs)}`));
  const timer = setTimeout(end, timeoutMs);
  let connected = false;
  return {
    signal: late.signal,
    isConnected: () => connected,
    onConnect: () => {
      connected = true;
      clearTimeout(timer);
    },
    clear: () => clearTimeout(timer),
  };
};

/** Repeated headers as Node.js has them: one text, but for `set-cookie`. */
const joinRepeated = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) && name !== 'set-cookie' ? value.join(', ') : value,
    ]),
  );

/** One request, and the head of its response. */
const exchange = async (url: URL, options: HttpOptions): Promise<HttpResponse> => {
  const { method = 'GET', headers, body: content = null, proxyEnv = {}, redirect: _, ...more } = options;
  const { signal: ending, connectTimeoutMs = 2000, stallTimeoutMs = 15_000, ...tls } = more;
  // loading it must not count as connecting
  await loadUndici();
  const connecting = limitConnecting(url, connectTimeoutMs);
  const signal = AbortSignal.any([ending, connecting.signal]);
  const limits = { signal, headersTimeout: stallTimeoutMs, bodyTimeout: stallTimeoutMs };
  try {
    const dispatcher = await openDispatcher(url, { tls, proxyEnv, signal, onConnect: connecting.onConnect });
    const target = { origin: url.origin, path: url.pathname + url.search };
    const request = { ...target, ...limits, method, headers: { ...headers }, body: content, reset: true };
    const { statusCode: status, statusText, headers: answered, body } = await dispatcher.request(request);
    const explain = (error: unknown) =>
      findStall(url, stallTimeoutMs, error) ??
      new HttpError('truncated', `${url.host} ended the response early: ${messageOf(error)}`, error);
    return { url, status, statusText, headers: joinRepeated(answered), body, explain };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HttpError) throw error;
    const stall = findStall(url, stallTimeoutMs, error);
    if (stall) throw stall;
    // undici turns a proxy's 407 for plain http into an error
    const isRefusedByProxy = connecting.isConnected() && /\(407\)/.test(messageOf(error));
    if (isRefusedByProxy) throw new HttpError('refused', `${url.host}: the proxy responds with 407`, error);
    if (connecting.isConnected()) throw new HttpError('truncated', `${url.host}: ${messageOf(error)}`, error);
    throw new HttpError('unreachable', `${url.host} cannot be reached: ${reasonOf(error)}`, error);
  } finally {
    connecting.clear();
  }
};

/** Discards a body: a small one is read, which is cheaper than closing the connection. */
export const discardBody = ({ body }: HttpResponse): void => {
  body.dump().catch(() => undefined);
};

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

/** The target of a redirect, which must not go from https to plain http. */
const nextUrl = (from: URL, location: string | undefined): URL => {
  if (!location) throw new HttpError('refused', `${from.host} redirects without a target`);
  const to = URL.parse(location, from.href);
  if (!to || !/^https?:$/.test(to.protocol)) {
    throw new HttpError(
      'refused',
      `${from.host} redirects to ${JSON.stringify(location.slice(0, 80))}, which is no web address`,
    );
  }
  if (from.protocol === 'https:' && to.protocol !== 'https:') {
    throw new HttpError('refused', `${from.host} redirects to ${to.protocol}//${to.host}, which is not https`);
  }
  return to;
};

const withoutAuthorization = (headers: HttpOptions['headers'] = {}) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'));

/** Sends a request, by default a GET, and follows redirects. Credentials are sent only to the first host. */
export const httpRequest = async (url: string | URL, options: HttpOptions, hops = 5): Promise<HttpResponse> => {
  const from = URL.parse(String(url));
  if (!from) throw new HttpError('refused', 'its address is no URL');
  const authorization = basicAuthorization(from);
  const own = { ...(authorization && { authorization }), ...options.headers };
  const response = await exchange(from, { ...options, headers: own });
  if (options.redirect === 'manual' || !isRedirect(response.status)) return response;
  discardBody(response);
  if (hops === 0) throw new HttpError('refused', `${from.host} redirects too often`);
  const to = nextUrl(from, response.headers.location);
  const headers = to.host === from.host ? options.headers : withoutAuthorization(options.headers);
  return httpRequest(to, { ...options, ...(headers && { headers }) }, hops - 1);
};

/** The body's chunks. Throws an {@link HttpError} if it stalls or ends early. */
export async function* readBody({ body, explain }: HttpResponse, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) yield chunk as Buffer;
  } catch (error) {
    signal.throwIfAborted();
    throw explain(error);
  }
}

/** The body as bytes, for small responses. */
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
