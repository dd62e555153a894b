// Tested in test/lib/kube/kubeconfig/open.test.ts
import { messageOf } from '../../errors.ts';
import { findProxy, type ProxyEnv } from '../../http/dispatcher.ts';
import { textIn } from '../credentials/credentials.ts';
import { type Entry, kubeconfigError } from './parse.ts';

const proxySchemes = /^(https?|socks5h?):$/;

/**
 * The address of an API server as kubectl takes it: without a scheme it is `http://`. Its slashes at the end are taken off.
 * Throws UserError `usage.kubeconfig` for anything else.
 */
export const serverOf = (name: string, cluster: Entry): string => {
  const text = textIn(cluster, 'server') ?? '';
  const whole = text.includes('://') ? text : `http://${text}`;
  const server = text === '' ? undefined : URL.parse(whole);
  if (server && /^https?:$/.test(server.protocol) && !server.search && !server.hash) return whole.replace(/\/+$/, '');
  const hint = 'it is http:// or https://, a host, and for some gateways a path';
  throw kubeconfigError(`kubeconfig: cluster '${name}' has a server that is no such address: ${text || 'none'}`, hint);
};

/** How an API server is reached, and the words of the setting that says so. */
export type ProxyChoice = { readonly proxy: URL; readonly by: string };

/**
 * The proxy before an API server: `proxy-url` of its cluster, else that of HTTPS_PROXY, HTTP_PROXY and NO_PROXY. Throws
 * UserError `usage.kubeconfig` for one that nothing can be sent to; it may have a password, so it is not quoted.
 */
export const proxyOf = (name: string, cluster: Entry, { server, env }: { server: string; env: ProxyEnv }) => {
  const text = textIn(cluster, 'proxy-url');
  if (text !== undefined) {
    const proxy = URL.parse(text);
    if (proxy && proxySchemes.test(proxy.protocol)) return { proxy, by: 'proxy-url in the kubeconfig' };
    const hint = 'it is http://, https:// or socks5://, a host and a port';
    throw kubeconfigError(`kubeconfig: cluster '${name}' has a proxy-url that is no address of a proxy`, hint);
  }
  try {
    const proxy = findProxy(new URL(server), env, proxySchemes);
    return proxy && { proxy, by: 'HTTPS_PROXY or HTTP_PROXY' };
  } catch (error) {
    throw kubeconfigError(messageOf(error), `or exempt the API server: NO_PROXY=${new URL(server).hostname}`);
  }
};
