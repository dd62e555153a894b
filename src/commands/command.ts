import { findOriginProblems } from '../artifacts/origin-rules.ts';
import type { Config } from '../config/config.ts';
import { type Finding, type Loaded, loadConfig, realDirs } from '../config/load.ts';
import { findTaskImageProblems } from '../config/task-image.ts';
import { findPortProblems } from '../gateway/listener-ports.ts';
import { findInstance } from '../instance/instance.ts';
import type { GivenSettings, InstanceRecord } from '../instance/record.ts';
import { UserError } from '../lib/errors.ts';
import { execaRunner } from '../lib/process/runner.ts';
import { plain, plainJson, plainLines } from '../lib/text/plain.ts';
import type { CommandContext, Folders } from '../providers/context.ts';
import { findPublishProblems } from '../providers/minikube.ts';
import type { DisplayKind } from '../task-list/display.ts';
import { findMasterRouteProblems } from '../tunnel/endpoint-rules.ts';
import { ownPrograms } from './own-programs.ts';
import { asMade, keptOf } from './settings/kept.ts';

/** What main gives to every command. */
export type Invocation = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The command line after the program. */
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  readonly isTerminal: boolean;
};

/** Flags that every command has, and those of settings, by their configuration path. */
export type GlobalFlags = {
  readonly configFile?: string;
  readonly json: boolean;
  readonly settings: Readonly<Record<string, string>>;
  /** Settings that go back to their defaults; only `up` and `tunnel up` have it. */
  readonly reset?: string;
};

export type CommandInput = { readonly invocation: Invocation; readonly flags: GlobalFlags };

const programs = ownPrograms(import.meta.url);

/** Starts this program again, whatever its arguments; `--`, for Node.js has an --env-file of its own. */
export const ownProgram = [process.execPath, '--', programs.taskgate] as const;

const foldersOf = async (env: Invocation['env']): Promise<Folders> => ({
  ...(await realDirs(env)),
  templatesDir: programs.templatesDir,
  supervisorCommand: [process.execPath, programs.supervisor],
  daemonCommand: [process.execPath, programs.tunnelDaemon],
});

/** What the parts know about settings beyond their shape. */
const checkSettings = (config: Config): readonly Finding[] => [
  ...findPortProblems(config.gateway).map(({ about, ...finding }) => ({ ...finding, path: `gateway.${about}` })),
  ...findMasterRouteProblems(config),
  ...findPublishProblems(config),
  ...findOriginProblems(config),
  ...findTaskImageProblems(config),
];

/** The configuration, and with it what the steps of a command need. */
export type LoadedCommand = Loaded & { readonly context: CommandContext };

/** A record that cannot be read is reported by the command that needs it: here nothing is known of it. */
export const findRecord = async (stateDir: string, name: string): Promise<InstanceRecord | undefined> => {
  try {
    return (await findInstance(stateDir, name))?.record();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
};

const findKept = async (stateDir: string, name: string): Promise<GivenSettings | undefined> => {
  const record = await findRecord(stateDir, name);
  return record && keptOf(record);
};

/**
 * Reads the configuration: what the instance keeps unless `isKept` is false, and what this run names. Throws UserError
 * `usage.config` with every problem in it, and `usage.reset`.
 */
export const readConfig = async (
  { invocation, flags }: CommandInput,
  { isKept }: { readonly isKept: boolean } = { isKept: true },
): Promise<LoadedCommand> => {
  const { cwd, env, signal } = invocation;
  const folders = await foldersOf(env);
  const { configFile: file, reset, settings } = flags;
  const optional = { ...(file && { file }), ...(reset !== undefined && { reset }) };
  const instance = (name: string) => findKept(folders.stateDir, name);
  const input = { cwd, env, flags: settings, check: checkSettings, ...optional, ...(isKept && { instance }) };
  const loaded = await loadConfig(input);
  const { config, given, origins } = loaded;
  return {
    ...loaded,
    context: {
      config,
      folders,
      runner: execaRunner,
      signal,
      cwd,
      env,
      chosen: { given, origins, reset: loaded.reset },
    },
  };
};

/**
 * The configuration of a command that works on an instance as it is: as the last `up` made it, whatever is named now. What
 * the instance keeps for the next `up` is not read: that it does not go with a variable of today is no matter of this command.
 */
export const readMade = async (input: CommandInput): Promise<LoadedCommand> => {
  const loaded = await readConfig(input, { isKept: false });
  const record = await findRecord(loaded.context.folders.stateDir, loaded.config.name);
  const config = record ? asMade(loaded.config, record) : loaded.config;
  return { ...loaded, config, context: { ...loaded.context, config } };
};

/** Whether a terminal's log is kept as it is written, so that nothing can be drawn over: a CI job's, or a plain terminal's. */
const isLog = ({ CI = '', TERM }: Invocation['env']): boolean => !['', '0', 'false'].includes(CI) || TERM === 'dumb';

/** A live list on a terminal, folded groups in a job of GitHub, lines elsewhere. `ci`: never a live list. */
export const displayKind = ({ isTerminal, env }: Pick<Invocation, 'isTerminal' | 'env'>, ci = false): DisplayKind => {
  if (env['GITHUB_ACTIONS'] === 'true') return 'groups';
  return isTerminal && !ci && !isLog(env) ? 'tree' : 'lines';
};

/** Prints a document for programs, byte for byte. */
export const printDocument = (text: string): void => {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
};

/** Prints text for people; no text of others in it is obeyed by the terminal or by the runner of a CI job. */
export const print = (text: string): void => printDocument(plainLines(text));

export const printJson = (value: unknown, indent = 2): void => printDocument(plainJson(value, indent));

/** Prints one line on stderr: what the user should know but what stops nothing. */
export const printNote = (text: string, label: 'note' | 'warning' = 'note'): void => printProgress(`${label}: ${text}`);

/** Prints one line on stderr. */
export const printProgress = (line: string): void => void process.stderr.write(`${plain(line)}\n`);
