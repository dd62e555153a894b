// Tested in test/instance/access.test.ts and test/cluster/attach/attach.test.ts, too
import { isLoopback } from '../../cidr.ts';
import { asText } from '../../json.ts';
import { describePlugin } from '../credentials/exec.ts';
import { type Entry, entriesOf, isEntry, parseKubeconfig } from './parse.ts';
import { renderKubeconfig } from './render.ts';
import { serverOf } from './server.ts';

const hint = 'run: taskgate up';

/** The entries of the current context of a kubeconfig of one context. */
const partsOf = (text: string): Readonly<Record<'context' | 'cluster' | 'user', Entry>> => {
  const file = parseKubeconfig(text, "the instance's kubeconfig", hint);
  const [context = {}] = entriesOf(file, 'contexts').filter(({ name }) => name === file['current-context']);
  const named = isEntry(context.context) ? context.context : {};
  const find = (list: string, name: unknown): Entry => entriesOf(file, list).find((one) => one.name === name) ?? {};
  return { context, cluster: find('clusters', named.cluster), user: find('users', named.user) };
};

const pluginOf = (text: string): Entry | undefined => {
  const { user } = partsOf(text).user;
  return isEntry(user) && isEntry(user.exec) ? user.exec : undefined;
};

/** Whether the current context of a kubeconfig of one context gets its credentials from an exec plugin. */
export const hasPlugin = (text: string): boolean => pluginOf(text) !== undefined;

/** The command line of that plugin, for showing it; undefined if there is none. */
export const findPluginCommand = (text: string): string | undefined => {
  const plugin = pluginOf(text);
  return plugin && describePlugin(plugin);
};

const secrets = ['token', 'tokenFile', 'username', 'exec'];

/**
 * The server to which the credentials of a kubeconfig of one context go in clear text, over a network; undefined for https, a server
 * on this host, and a user without credentials that are sent.
 */
export const findClearText = (text: string): string | undefined => {
  const { cluster, user } = partsOf(text);
  const [{ cluster: body }, { user: own }] = [cluster, user];
  if (!isEntry(body) || !isEntry(own) || !secrets.some((field) => own[field])) return undefined;
  const server = serverOf(asText(cluster.name), body);
  const { protocol, hostname } = new URL(server);
  return protocol === 'http:' && !isLoopback(hostname.replace(/^\[(.+)\]$/, '$1')) ? server : undefined;
};

/** The first kubeconfig with the user of the second; both have one context. */
export const withUserOf = (text: string, other: string): string => {
  const { context, cluster, user } = partsOf(text);
  return renderKubeconfig({ context, cluster, user: { ...partsOf(other).user, name: user.name } });
};
