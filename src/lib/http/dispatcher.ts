import type { Dispatcher } from 'undici';
import { HttpError } from './error.ts';
import { isExempt } from './no-proxy.ts';

/** Variables such as HTTPS_PROXY and NO_PROXY. */
export type ProxyEnv = Readonly<Record<string, string | undefined>>;

/** PEM texts, as `tls.connect` takes them. */
export type TlsOptions = {
  /** The authorities to trust instead of the usual ones. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized?: boolean;
};

export type DispatcherOptions = {
  readonly tls: TlsOptions;
  readonly proxyEnv: ProxyEnv;
  /** Ends the connection, in whatever state. */
  readonly signal: AbortSignal;
  /** Called when the connection to the host stands, behind a proxy through its tunnel. */
  readonly onConnect: () => void;
};

/** The lower-case one comes first, as for curl. */
const variable = (env: ProxyEnv, name: string): string | undefined => env[name.toLowerCase()] || env[name];

// neither its text nor an error that quotes it may get into a message: it may hold a password
const notAProxy = (): HttpError =>
  new HttpError('unreachable', 'HTTPS_PROXY or HTTP_PROXY is no URL such as http://proxy.example:3128');

/** The proxy through which these variables send a URL, if any. Throws {@link HttpError} when it is no URL. */
export const findProxy = (url: URL, env: ProxyEnv): URL | undefined => {
  const text = variable(env, url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (!text || isExempt(url, variable(env, 'NO_PROXY') ?? '')) return undefined;
  // `proxy.example:3128` means an HTTP proxy to curl and to the go command
  const proxy = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (!proxy || !/^https?:$/.test(proxy.protocol)) throw notAProxy();
  return proxy;
};

/** What sends one request, on a connection of its own. It waits without a limit: the caller has one for all of it. */
export const openDispatcher = async (url: URL, options: DispatcherOptions): Promise<Dispatcher> => {
  const { tls, proxyEnv, signal, onConnect } = options;
  const proxy = findProxy(url, proxyEnv);
  // loading it takes longer than all of `taskgate --help`
  const { Client, ProxyAgent } = await import('undici');
  const limits = { signal, timeout: 0, allowH2: false };
  const open = (origin: string | URL, more: object) =>
    new Client(origin, { ...more, allowH2: false }).on('connect', onConnect);
  if (!proxy) return open(url.origin, { connect: { ...tls, ...limits } });
  try {
    // not EnvHttpProxyAgent, which reads the environment of the process and knows no CIDR ranges
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
