import { configJsonSchema } from '../../config/config.ts';
import { printableConfig } from '../../config/redact.ts';
import { getIn } from '../../config/tree.ts';
import { isTunnelOnly } from '../../instance/instance.ts';
import { renderYaml } from '../../lib/template.ts';
import { validateMasterConfig } from '../../master/rules/validate.ts';
import { inOrder, type Problem } from '../../master/schema/problem.ts';
import {
  type CommandInput,
  findRecord,
  type LoadedCommand,
  print,
  printDocument,
  printJson,
  printNote,
  readConfig,
} from '../command.ts';
import { readNamedFile } from '../named-file.ts';
import { findRootWarnings } from './roots.ts';

/** An instance has the provider that made it, also where the settings leave that open. */
const withMade = async ({
  config,
  origins,
  warnings,
  context,
}: LoadedCommand): Promise<Pick<LoadedCommand, 'config' | 'origins' | 'warnings'>> => {
  const record = config.provider === 'auto' ? await findRecord(context.folders.stateDir, config.name) : undefined;
  if (!record || isTunnelOnly({ record: () => record })) return { config, origins, warnings };
  const { provider } = record;
  return { config: { ...config, provider }, origins: { ...origins, provider: 'instance' }, warnings };
};

/** Prints the settings in force: what an instance keeps and what is named today; with their origins, one a line. */
export const showConfig = async (input: CommandInput, { origin }: { readonly origin: boolean }): Promise<void> => {
  const { config: loaded, origins, warnings } = await withMade(await readConfig(input));
  const config = printableConfig(loaded);
  for (const warning of warnings) printNote(warning, 'warning');
  if (input.flags.json) return printJson(origin ? { config, origins } : config);
  if (!origin) return printDocument(renderYaml(config));
  const rows = Object.entries(origins).map(
    ([path, from]) => [path, JSON.stringify(getIn(config, path.split('.'))) ?? '-', from] as const,
  );
  const width = (column: 0 | 1) => Math.max(...rows.map((row) => row[column].length));
  print(rows.map(([path, value, from]) => `${path.padEnd(width(0))}  ${value.padEnd(width(1))}  ${from}`).join('\n'));
};

/** Prints the JSON schema of taskgate.yaml, for editors. */
export const printSchema = (): void => printJson(configJsonSchema());

const describe = (file: string, { line, column, path, message, hint, severity }: Problem): string =>
  `${file}:${line}:${column}: ${severity}: ${path}: ${message}${hint ? ` (${hint})` : ''}`;

/** Checks a master.yaml or devcluster.yaml by the master's rules. Resolves with whether it is valid. */
export const validateConfig = async ({ flags, invocation }: CommandInput, file: string): Promise<boolean> => {
  const text = await readNamedFile(file, 'master.yaml');
  const warnings = await findRootWarnings(text, invocation.cwd);
  const problems = inOrder([...validateMasterConfig(text, invocation.env), ...warnings]);
  const isValid = problems.every(({ severity }) => severity !== 'error');
  const verdict = `${file} is ${isValid ? 'valid' : 'not valid'}`;
  if (flags.json) printJson({ file, valid: isValid, problems });
  else print([...problems.map((problem) => describe(file, problem)), verdict].join('\n'));
  return isValid;
};
