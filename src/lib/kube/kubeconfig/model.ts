import type { KubeConfig } from '@kubernetes/client-node';
import { messageOf } from '../../errors.ts';
import { asText } from '../../json.ts';
import { type Entry, entriesOf, isEntry, kubeconfigError } from './parse.ts';

/** A kubeconfig, and the folder that its relative paths start from. */
export type Source = { readonly file: Entry; readonly folder: string };

/** An entry as it is written, and the folder of the file that it is in. The library's models leave fields out. */
export type Found = { readonly entry: Entry; readonly folder: string };

/** The first entry of a name, as {@link modelOf} takes it. */
export const findEntry = (sources: readonly Source[], list: string, name: string): Found | undefined =>
  sources
    .flatMap(({ file, folder }) => entriesOf(file, list).map((entry) => ({ entry, folder })))
    .find(({ entry }) => asText(entry.name) === name);

/** Fields with the path of a certificate or a key. */
export const certificateFields: readonly string[] = ['certificate-authority', 'client-certificate', 'client-key'];

/** Not kubectl's; the library would read the file that it names. */
const foreignFields: readonly string[] = ['token-file'];

const textOf = (value: unknown): string | undefined =>
  value === undefined || value === null || value === '' ? undefined : asText(value);

/** The library compares names as they are: YAML may have one as a number. */
const namesAsText = (body: Entry): Entry => ({ ...body, cluster: textOf(body.cluster), user: textOf(body.user) });

const bodyFor = (key: string, body: unknown): Entry | undefined => {
  if (!isEntry(body)) return undefined;
  const fields = Object.entries(body).filter(
    ([name, value]) =>
      !foreignFields.includes(name) && (!certificateFields.includes(name) || typeof value === 'string'),
  );
  return key === 'context' ? namesAsText(body) : Object.fromEntries(fields);
};

const listFor = (file: Entry, list: string, key: string): readonly Entry[] =>
  entriesOf(file, list).map((entry) => ({ name: textOf(entry.name), [key]: bodyFor(key, entry[key]) }));

/** JSON that every reader of YAML takes: some characters may not stand there as they are. */
const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const readInto = (config: KubeConfig, { file, folder }: Source): void => {
  const text = asciiJson({
    clusters: listFor(file, 'clusters', 'cluster'),
    users: listFor(file, 'users', 'user'),
    contexts: listFor(file, 'contexts', 'context'),
    'current-context': textOf(file['current-context']),
  });
  try {
    // other contexts may be broken
    config.loadFromString(text, { onInvalidEntry: 'filter' });
    config.makePathsAbsolute(folder);
  } catch (error) {
    throw kubeconfigError(`kubeconfig: cannot be read: ${messageOf(error).split('\n')[0]}`, 'repair it', error);
  }
};

/** If several files or entries have a name, the first one counts, as for kubectl. `mergeConfig` refuses a second one. */
const addNew = (merged: KubeConfig, more: KubeConfig): void => {
  for (const one of more.getClusters()) if (!merged.getCluster(one.name)) merged.addCluster(one);
  for (const one of more.getUsers()) if (!merged.getUser(one.name)) merged.addUser(one);
  for (const one of more.getContexts()) if (!merged.getContextObject(one.name)) merged.addContext(one);
  if (!merged.getCurrentContext()) merged.setCurrentContext(more.getCurrentContext());
};

/**
 * Kubeconfigs, merged as kubectl does, as the official client has them, with absolute paths. Entries that are no such are
 * left out. The client is 868 modules, half a second: it is loaded here, where the user's own kubeconfigs are read, and
 * nowhere else. Throws UserError `usage.kubeconfig`.
 */
export const modelOf = async (sources: readonly Source[]): Promise<KubeConfig> => {
  const library = await import('@kubernetes/client-node');
  const merged = new library.KubeConfig();
  for (const source of sources) {
    const config = new library.KubeConfig();
    readInto(config, source);
    addNew(merged, config);
  }
  return merged;
};
