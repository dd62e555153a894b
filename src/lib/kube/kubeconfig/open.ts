import { isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, createSecureContext } from 'node:tls';
import { messageOf, UserError } from '../../errors.ts';
import type { ProxyEnv } from '../../http/dispatcher.ts';
import { openPool, type Pool } from '../../http/pool.ts';
import { endpointOf, type Way } from '../../http/proxied.ts';
import { asText } from '../../json.ts';
import { execaRunner } from '../../process/runner.ts';
import { type Credentials, credentialsOf, pemIn, textIn } from '../credentials/credentials.ts';
import type { ExecContext } from '../credentials/exec.ts';
import { type Entry, entriesOf, isEntry, kubeconfigError, parseKubeconfig } from './parse.ts';
import { type ProxyChoice, proxyOf, serverOf } from './server.ts';

export type OpenOptions = {
  /** Variables such as HTTPS_PROXY; none unless given, since the clusters that taskgate starts are on this host. */
  readonly env?: ProxyEnv;
  /** Whether an exec plugin of the user may be run. */
  readonly runsPrograms?: boolean;
};

/** The cluster and user of one context, for everything that is sent to its API server. */
export type OpenedKubeconfig = {
  readonly credentials: Credentials;
  /** As the kubeconfig names it, without a slash at its end; it may have a path (`https://rancher/k8s/clusters/c-1`). */
  readonly server: string;
  readonly proxy: ProxyChoice | undefined;
  /** The URL of a path of the API, such as `/api/v1/nodes`. */
  readonly urlOf: (path: string) => string;
  /** How connections are opened. */
  readonly way: Way;
  /** Connections that are kept. New ones after {@link Credentials.renew}. */
  readonly pool: () => Pool;
  readonly renew: () => boolean;
};

const connectTimeoutMs = 10_000;

const hint = 'give another kubeconfig, or repair it';

const noContext = (file: Entry, name: unknown): UserError => {
  const known = entriesOf(file, 'contexts').map((one) => asText(one.name));
  return new UserError(`kubeconfig has no context '${asText(name ?? '')}'`, {
    id: 'cluster.no-context',
    hint: `known contexts: ${known.join(', ') || 'none'}`,
  });
};

/** The body of the entry that a context names. */
const bodyIn = (file: Entry, list: string, key: string, name: unknown): Entry | undefined => {
  const found = entriesOf(file, list).find((entry) => asText(entry.name) === asText(name))?.[key];
  return isEntry(found) ? found : undefined;
};

/** What `provideClusterInfo` gives to a plugin: the cluster as client.authentication.k8s.io has it. */
const clusterInfo = (cluster: Entry, server: string): Entry => {
  const { extensions, 'certificate-authority-data': ca } = cluster;
  const [extension] = entriesOf({ extensions }, 'extensions').filter(
    ({ name }) => name === 'client.authentication.k8s.io/exec',
  );
  const fields = ['tls-server-name', 'insecure-skip-tls-verify', 'proxy-url'];
  const given = fields.filter((field) => cluster[field] !== undefined).map((field) => [field, cluster[field]]);
  return {
    ...{ server, ...Object.fromEntries(given) },
    ...(ca !== undefined && { 'certificate-authority-data': ca }),
    ...(extension && { config: extension.extension }),
  };
};

/** The name to ask for and to look for in the certificate; an address can only be looked for (RFC 6066, 3). */
const nameOptions = (servername: string): ConnectionOptions =>
  isIP(servername) === 0
    ? { servername }
    : { servername: undefined, checkServerIdentity: (_, certificate) => checkServerIdentity(servername, certificate) };

/** The TLS of each connection. Throws UserError `usage.kubeconfig` for certificates that do not fit together. */
const tlsOf = (name: string, cluster: Entry, credentials: Credentials): (() => Promise<ConnectionOptions>) => {
  const ca = pemIn(cluster, 'certificate-authority', `cluster '${name}'`);
  const servername = textIn(cluster, 'tls-server-name');
  const isOpen = cluster['insecure-skip-tls-verify'] === true;
  const contextOf = (own: object) => {
    try {
      return createSecureContext({ ...(ca !== undefined && { ca }), ...own });
    } catch (error) {
      const message = `kubeconfig: the certificates of cluster '${name}' and its user cannot be used: ${messageOf(error)}`;
      throw kubeconfigError(message, hint, error);
    }
  };
  return async () => ({
    secureContext: contextOf(await credentials.certificate()),
    ALPNProtocols: ['http/1.1'],
    ...(servername !== undefined && nameOptions(servername)),
    ...(isOpen && { rejectUnauthorized: false }),
  });
};

const openContext = (file: Entry, kubeContext: string | undefined, options: OpenOptions): OpenedKubeconfig => {
  const { env = {}, runsPrograms = false } = options;
  const wanted = kubeContext ?? file['current-context'];
  const context = bodyIn(file, 'contexts', 'context', wanted);
  const cluster = context && bodyIn(file, 'clusters', 'cluster', context.cluster);
  if (!cluster) throw noContext(file, wanted);
  const [name, user] = [asText(context.cluster), asText(context.user ?? '')];
  const server = serverOf(name, cluster);
  const proxy = proxyOf(name, cluster, { server, env });
  const exec: ExecContext = { runner: execaRunner, cluster: clusterInfo(cluster, server) };
  const body = bodyIn(file, 'users', 'user', user) ?? {};
  const credentials = credentialsOf(user, body, runsPrograms ? exec : undefined);
  const url = new URL(server);
  const endpoint = endpointOf(url);
  const tls = url.protocol === 'https:' ? tlsOf(name, cluster, credentials) : undefined;
  const way = { endpoint, timeoutMs: connectTimeoutMs, ...(tls && { tls }), ...(proxy && { proxy: proxy.proxy }) };
  let pool: Pool | undefined;
  return {
    ...{ credentials, server, proxy, way },
    urlOf: (path) => server + path,
    pool: () => {
      pool ??= openPool(url.origin, way);
      return pool;
    },
    renew: () => {
      // connections that stand have the old certificate
      pool = undefined;
      return credentials.renew();
    },
  };
};

/** A process talks to few clusters; all its clients of one share connections and credentials. */
const opened = new Map<string, OpenedKubeconfig>();

/**
 * Reads a kubeconfig's text, and takes `kubeContext` (default: the current context) of it. All requests, watches and
 * port-forwards take their URL, credentials, proxy and TLS from here; of one cluster they share them. Throws UserError
 * `cluster.no-context`, or `usage.kubeconfig` for what nothing can be sent with, such as a server that is no address, or an
 * exec plugin unless `runsPrograms`.
 */
export const openKubeconfig = (
  kubeconfig: string,
  kubeContext?: string,
  options: OpenOptions = {},
): OpenedKubeconfig => {
  const key = JSON.stringify([kubeconfig, kubeContext, options]);
  const known = opened.get(key);
  if (known) return known;
  const found = openContext(parseKubeconfig(kubeconfig, 'the kubeconfig', hint), kubeContext, options);
  opened.set(key, found);
  return found;
};
