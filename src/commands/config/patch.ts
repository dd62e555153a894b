import { UserError } from '../../lib/errors.ts';
import { replaceUserFile } from '../../lib/files.ts';
import { explainWrite, verifyRegular } from '../../lib/trust/named-file.ts';
import { trustedUids } from '../../lib/trust/users.ts';
import { type PatchValues, patchConfig } from '../../master/patch/patch.ts';
import type { CommandContext } from '../../providers/context.ts';
import { type CommandInput, print, printJson, printProgress, readMade } from '../command.ts';
import { readNamedFile } from '../named-file.ts';
import { valuesOf } from './master.ts';

export type PatchFlags = { readonly instance?: string; readonly write: boolean };

/** Instances by the cluster names of the resource managers that get them. */
type Pairs = ReadonlyMap<string, string>;

const refuse = (message: string, hint: string): never => {
  throw new UserError(message, { id: 'usage.patch-pair', hint });
};

/** Reads `CLUSTER=INSTANCE`; a cluster name may have an equals sign, an instance's has none. */
export const parsePairs = (texts: readonly string[]): Pairs => {
  const pairs = new Map<string, string>();
  for (const text of texts) {
    const [, cluster, instance] = /^(.+)=([^=]+)$/.exec(text) ?? [];
    if (!cluster || !instance) return refuse(`'${text}' is no CLUSTER=INSTANCE`, 'write such as default=dev');
    if (pairs.has(cluster)) return refuse(`cluster ${cluster} is named twice`, 'name each resource manager once');
    pairs.set(cluster, instance);
  }
  return pairs;
};

const loadValues = async (context: CommandContext, pairs: Pairs, single: string): Promise<PatchValues> => {
  if (pairs.size === 0) return valuesOf(context, single);
  const entries = [...pairs].map(async ([cluster, name]) => [cluster, await valuesOf(context, name)] as const);
  return { byCluster: new Map(await Promise.all(entries)) };
};

/** Puts instances into the resource managers of a user's own file; prints it, or with `write` changes it in place. */
export const patchFile = async (
  input: CommandInput,
  { file, pairs: texts }: { readonly file: string; readonly pairs: readonly string[] },
  { instance, write }: PatchFlags,
): Promise<void> => {
  const pairs = parsePairs(texts);
  if (pairs.size > 0 && instance !== undefined)
    refuse('--instance and CLUSTER=INSTANCE do not go together', 'leave one out');
  const { config, context } = await readMade(input);
  if (write) await verifyRegular(file, trustedUids(context.env));
  const before = await readNamedFile(file, 'master.yaml or devcluster.yaml');
  const single = instance ?? config.name;
  const values = await loadValues(context, pairs, single);
  const { text, clusters } = patchConfig({ name: file, text: before }, values);
  const resourceManagers = clusters.map((cluster) => ({ cluster, instance: pairs.get(cluster) ?? single }));
  const changed = text !== before;
  const replace = () => replaceUserFile(file, text, { backups: 'each' });
  const backup = write && changed ? await explainWrite(file, replace) : undefined;
  const summary = { file, resourceManagers, changed, ...(backup !== undefined && { backup }) };
  if (input.flags.json) return printJson({ ...summary, ...(!write && { text }) });
  const managers = resourceManagers.map((one) => `${one.cluster} (instance ${one.instance})`).join(', ');
  const line = changed
    ? `${file}: changed resource manager ${managers}${backup === undefined ? '' : `; its former text: ${backup}`}`
    : `${file}: nothing to change in resource manager ${managers}`;
  if (write) return print(line);
  printProgress(line);
  process.stdout.write(text);
};
