import type { Dispatcher } from 'undici';
import { isLoopback } from '../cidr.ts';
import { HttpError } from './error.ts';
import { isExempt } from './no-proxy.ts';

/** Variables such as HTTPS_PROXY and NO_PROXY. */
export type ProxyEnv = Readonly<Record<string, string | undefined>>;

/** PEM texts, as for `tls.connect`. */
export type TlsOptions = {
  /** The certificate authorities to trust instead of the default ones. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized?: boolean;
};

export type DispatcherOptions = {
  readonly tls: TlsOptions;
  readonly proxyEnv: ProxyEnv;
  /** Closes the connection in any state. */
  readonly signal: AbortSignal;
  /** Called when the host is connected, behind a proxy through its tunnel. */
  readonly onConnect: () => void;
};

/** The lower-case variable comes first, as for curl. */
const variable = (env: ProxyEnv, name: string): string | undefined => env[name.toLowerCase()] || env[name];

// no message may contain its text or an error that quotes it: it may contain a password
const notAProxy = (): HttpError =>
  new HttpError('unreachable', 'HTTPS_PROXY or HTTP_PROXY is not a URL such as http://proxy.example:3128');

/** No proxy can reach this host's own loopback; Go's programs, kubectl among them, never ask one for it. */
const isOwnLoopback = ({ hostname }: URL): boolean =>
  isLoopback(hostname.replace(/^\[(.+)\]$/, '$1').replace(/\.$/, ''));

/**
 * The proxy for a URL by these variables, if any; none for loopback. Throws {@link HttpError} if the proxy is not a URL of
 * one of these schemes.
 */
export const findProxy = (url: URL, env: ProxyEnv, schemes = /^https?:$/): URL | undefined => {
  if (isOwnLoopback(url)) return undefined;
  const text = variable(env, url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (!text || isExempt(url, variable(env, 'NO_PROXY') ?? '')) return undefined;
  // `proxy.example:3128` means an HTTP proxy to curl and to the go command
  const proxy = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (!proxy || !schemes.test(proxy.protocol)) throw notAProxy();
  // a path means nothing for a proxy
  [proxy.pathname, proxy.search, proxy.hash] = ['/', '', ''];
  return proxy;
};

/** Loaded late: it takes longer than all of `taskgate --help`. */
export const loadUndici = () => import('undici');

/** Sends one request on a separate connection, without timeouts: the caller has one for everything. */
export const openDispatcher = async (url: URL, options: DispatcherOptions): Promise<Dispatcher> => {
  const { tls, proxyEnv, signal, onConnect } = options;
  const proxy = findProxy(url, proxyEnv);
  const { Client, ProxyAgent } = await loadUndici();
  const limits = { signal, timeout: 0, allowH2: false };
  const open = (origin: string | URL, more: object) =>
    new Client(origin, { ...more, allowH2: false }).on('connect', onConnect);
  if (!proxy) return open(url.origin, { connect: { ...tls, ...limits } });
  try {
    // not EnvHttpProxyAgent, which reads the environment of the process and does not support CIDR ranges
    return new ProxyAgent({
      uri: proxy.href,
      factory: open,
      requestTls: { ...tls, ...limits },
      proxyTls: { ...(tls.ca !== undefined && { ca: tls.ca }), ...limits },
    });
  } catch {
    throw notAProxy();
  }
};
