import { type Cluster, KubeConfig } from '@kubernetes/client-node';
import { UserError } from '../../errors.ts';
import { kubeconfigError } from './parse.ts';

/** The cluster and user of one context, for everything that is sent to its API server. */
export type OpenedKubeconfig = {
  readonly config: KubeConfig;
  /** As the kubeconfig names it, without a slash at its end; it may have a path (`https://rancher/k8s/clusters/c-1`). */
  readonly server: string;
  /** The URL of a path of the API, such as `/api/v1/nodes`. */
  readonly urlOf: (path: string) => string;
};

const noContext = (config: KubeConfig): UserError => {
  const known = config.getContexts().map(({ name }) => name);
  return new UserError(`kubeconfig has no context '${config.getCurrentContext()}'`, {
    id: 'cluster.no-context',
    hint: `known contexts: ${known.join(', ') || 'none'}`,
  });
};

const proxySchemes = /^(https?|socks5h?):$/;

/** The cluster as client-node needs it; it has no check of its own, and its errors would look like taskgate's bugs. */
const checked = (cluster: Cluster): Cluster => {
  const { name, server: text, proxyUrl } = cluster;
  const server = URL.parse(text);
  if (!server || !/^https?:$/.test(server.protocol) || server.search || server.hash) {
    const hint = 'it is http:// or https://, a host, and for some gateways a path';
    throw kubeconfigError(`kubeconfig: cluster '${name}' has a server that is no such address: ${text}`, hint);
  }
  if (proxyUrl && !proxySchemes.test(URL.parse(proxyUrl)?.protocol ?? '')) {
    const hint = 'it is http://, https:// or socks5://, a host and a port';
    // it may have a password
    throw kubeconfigError(`kubeconfig: cluster '${name}' has a proxy-url that is no address of a proxy`, hint);
  }
  if (server.protocol === 'http:' && !cluster.skipTLSVerify) {
    const hint = 'use https://, or for a server that needs no secrets say insecure-skip-tls-verify: true there';
    throw kubeconfigError(`kubeconfig: cluster '${name}' is asked in clear text: ${text}`, hint);
  }
  return { ...cluster, server: text.replace(/\/+$/, '') };
};

/**
 * Reads a kubeconfig's text, and makes `kubeContext` (default: the current context) its current one. All requests, watches
 * and port-forwards take their URL, `proxy-url` and `tls-server-name` from here. Throws UserError `cluster.no-context`, or
 * `usage.kubeconfig` for a server or proxy that nothing can be sent to.
 */
export const openKubeconfig = (kubeconfig: string, kubeContext?: string): OpenedKubeconfig => {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  if (kubeContext) config.setCurrentContext(kubeContext);
  const current = config.getCurrentCluster();
  if (!current?.server) throw noContext(config);
  const cluster = checked(current);
  config.clusters = config.clusters.map((one) => (one === current ? cluster : one));
  return { config, server: cluster.server, urlOf: (path) => cluster.server + path };
};
