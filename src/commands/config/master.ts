import { basename } from 'node:path';
import type { Instances, MasterValues } from '../../master/write/values.ts';
import type { CommandContext } from '../../providers/context.ts';
import { type CommandInput, print, printDocument, printJson, printNote, readMade } from '../command.ts';
import { findRootTrouble } from '../master-root/judge.ts';
import { verifyFolderOf, writeFileOf } from '../named-file.ts';
import { getInstance } from '../open-instance.ts';
import { type ConfigFormat, configPaths } from './formats.ts';
import { masterValuesOf } from './master-values.ts';
import { renderConfig } from './render.ts';

export type MasterFlags = { readonly format: ConfigFormat; readonly output?: string };

/** What an instance of this user gives to a master. Throws UserError `environment.no-instance`. */
export const valuesOf = async (context: CommandContext, name: string): Promise<MasterValues> =>
  masterValuesOf(await getInstance({ ...context, config: { ...context.config, name } }));

/**
 * Prints or writes one master's configuration over the named instances; without names, over the one of the settings.
 * Tested in test/process/config-instances.test.ts.
 */
export const writeMasterConfig = async (
  input: CommandInput,
  names: readonly string[],
  { format, output }: MasterFlags,
): Promise<void> => {
  const { config, context } = await readMade(input);
  if (output !== undefined) await verifyFolderOf(output);
  const [first = config.name, ...others] = names;
  const instances: Instances = [
    await valuesOf(context, first),
    ...(await Promise.all(others.map((name) => valuesOf(context, name)))),
  ];
  const text = renderConfig(format, instances);
  const trouble = format === 'master' || format === 'devcluster' ? await findRootTrouble(instances[0].root) : undefined;
  if (trouble) printNote(`root: ${trouble.message}; to fix: ${trouble.hint}`);
  const summary = { format, instances: instances.map(({ instance }) => instance) };
  // it holds a password
  if (output !== undefined) await writeFileOf(output, text, { env: context.env, mode: 0o600 });
  if (input.flags.json) return printJson({ ...summary, ...(output === undefined ? { text } : { output }) });
  if (output === undefined) return printDocument(text);
  print(`${output}: ${basename(configPaths('')[format])} over ${summary.instances.join(', ')}`);
};
