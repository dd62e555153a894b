import { once } from 'node:events';
import { request as plainRequest, type RequestOptions } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { messageOf } from '../errors.ts';
import { withoutBrackets } from '../host-and-port.ts';
import { basicAuthorization } from './credentials.ts';
import { askSocks } from './socks.ts';

export type Endpoint = { readonly host: string; readonly port: number };

/** How to open connections to a server. */
export type Way = {
  readonly endpoint: Endpoint;
  /** Asked for each connection; undefined for plain TCP. */
  readonly tls?: () => Promise<ConnectionOptions>;
  /** `http:`, `https:` or `socks5:`; it resolves the server's name. */
  readonly proxy?: URL;
  /** For all handshakes together. */
  readonly timeoutMs: number;
};

/** Why a proxy made no connection. The message names the proxy, without its password. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
}

const defaultPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** Host and port of a URL; 1080 for socks. */
export const endpointOf = ({ hostname, port, protocol }: URL): Endpoint => ({
  host: withoutBrackets(hostname),
  port: Number(port) || (defaultPorts[protocol] ?? 1080),
});

const textOf = ({ host, port }: Endpoint): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

const openTcp = async ({ host, port }: Endpoint, signal: AbortSignal): Promise<Socket> => {
  const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });
  const stop = () => socket.destroy(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    await once(socket, 'connect');
    return socket;
  } finally {
    signal.removeEventListener('abort', stop);
  }
};

/** Asks an HTTP proxy for a tunnel. Throws {@link ProxyError} where it refuses. */
const askConnect = async (proxy: URL, to: Endpoint, signal: AbortSignal): Promise<Socket> => {
  const send = proxy.protocol === 'https:' ? tlsRequest : plainRequest;
  const authorization = basicAuthorization(proxy);
  const headers = { host: textOf(to), ...(authorization && { 'proxy-authorization': authorization }) };
  const options: RequestOptions = { ...endpointOf(proxy), method: 'CONNECT', path: textOf(to), headers, agent: false };
  const asked = send({ ...options, signal }).end();
  const answer = new Promise<Socket>((resolve, reject) => {
    asked.on('error', reject).on('connect', ({ statusCode = 0 }, socket, head) => {
      if (statusCode !== 200) {
        socket.destroy();
        return reject(new ProxyError(`it answers with HTTP ${statusCode}`));
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket as Socket);
    });
    asked.on('response', (response) => {
      response.resume();
      reject(new ProxyError(`it answers with HTTP ${response.statusCode}`));
    });
  });
  return answer;
};

const throughSocks = async (proxy: URL, to: Endpoint, signal: AbortSignal): Promise<Socket> => {
  const socket = await openTcp(endpointOf(proxy), signal);
  const stop = () => socket.destroy(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    await askSocks(socket, to, proxy);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
};

const throughProxy = async (proxy: URL, to: Endpoint, signal: AbortSignal): Promise<Socket> => {
  try {
    const ask = proxy.protocol.startsWith('socks') ? throughSocks : askConnect;
    return await ask(proxy, to, signal);
  } catch (error) {
    signal.throwIfAborted();
    const place = `${proxy.protocol}//${textOf(endpointOf(proxy))}`;
    throw new ProxyError(`the proxy ${place} makes no connection: ${messageOf(error)}`, { cause: error });
  }
};

/** The name that is looked for in the certificate, and asked for where it is none of an address: some servers have several. */
const namesOf = ({ host }: Endpoint): ConnectionOptions => ({ host, ...(isIP(host) === 0 && { servername: host }) });

const secure = async (socket: Socket, options: ConnectionOptions, signal: AbortSignal): Promise<TLSSocket> => {
  const secured = connectTls({ ...options, socket });
  const stop = () => secured.destroy(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    await once(secured, 'secureConnect');
    return secured;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
};

/** Opens a connection, through a proxy and with TLS where the way has them. Throws {@link ProxyError} or a system error. */
export const openConnection = async ({ endpoint, tls, proxy, timeoutMs }: Way): Promise<Socket> => {
  const late = new AbortController();
  const words = `${textOf(endpoint)} does not answer within ${timeoutMs / 1000} s`;
  const timer = setTimeout(() => late.abort(Object.assign(new Error(words), { code: 'ETIMEDOUT' })), timeoutMs);
  const { signal } = late;
  try {
    // what it needs may take longer than a connection, such as a login
    const options = await tls?.();
    timer.refresh();
    const socket = proxy ? await throughProxy(proxy, endpoint, signal) : await openTcp(endpoint, signal);
    return options ? await secure(socket, { ...namesOf(endpoint), ...options }, signal) : socket;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
  }
};
