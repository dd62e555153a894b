import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { hasCode, messageOf, UserError } from '../lib/errors.ts';
import { findTextFile, realPathOf } from '../lib/files.ts';
import { trustedUids } from '../lib/trust/users.ts';
import { type Config, configSchema } from './config.ts';
import { fileSource } from './file-source.ts';
import { type Given, givenOf, instanceSource, parseReset } from './kept.ts';
import { findOwnText, longestFileBytes } from './own-file.ts';
import { describeIssue } from './problems.ts';
import { settings } from './settings.ts';
import { defaultsSource, environmentSource, flagsSource, mergeSources, type Source } from './sources.ts';
import { withTaskImage } from './task-image.ts';
import type { Tree } from './tree.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Something that a part of taskgate finds about the configuration beyond its shape. */
export type Finding = {
  readonly severity: 'error' | 'warning';
  readonly path: string;
  readonly message: string;
  readonly hint: string;
};

export type LoadInput = {
  /** Folder in which taskgate.yaml is looked for. */
  readonly cwd: string;
  /** A file to read instead; it must exist. */
  readonly file?: string;
  readonly env: Environment;
  /** Values from the command line, by configuration path. */
  readonly flags: Readonly<Record<string, string>>;
  /** What an instance keeps from before, by its name; by default there is none. */
  readonly instance?: (name: string) => Promise<Given | undefined>;
  /** Settings that go back to their defaults instead of staying as the instance has them; see {@link parseReset}. */
  readonly reset?: string;
  /** Rules of the parts; they see default values in place of a section that is misshapen. */
  readonly check: (config: Config) => readonly Finding[];
};

export type Loaded = {
  readonly config: Config;
  /** Paths of the settings that this run lets go. */
  readonly reset: readonly string[];
  /** For each setting where its value came from. */
  readonly origins: Readonly<Record<string, string>>;
  /** What the instance is to keep: all that was given, now or before, but for settings of one run. */
  readonly given: Given;
  readonly warnings: readonly string[];
};

/** Folders of taskgate by the XDG base directory specification, which wants relative paths ignored. */
export const xdgDirs = ({ XDG_STATE_HOME = '', XDG_CACHE_HOME = '', HOME }: Environment) => {
  const home = HOME || homedir();
  const folder = (given: string, ...usual: readonly string[]): string =>
    join(isAbsolute(given) ? given : join(home, ...usual), 'taskgate');
  return { stateDir: folder(XDG_STATE_HOME, '.local', 'state'), cacheDir: folder(XDG_CACHE_HOME, '.cache') };
};

/**
 * The same folders without links in their paths: a home folder may be a link (to /var/home), while a node mounts, and
 * names are hashed from, the folder that is really there.
 */
export const realDirs = async (env: Environment): Promise<ReturnType<typeof xdgDirs>> => {
  const { stateDir, cacheDir } = xdgDirs(env);
  return { stateDir: await realPathOf(stateDir), cacheDir: await realPathOf(cacheDir) };
};

const cannotRead = (from: string, name: string, error: unknown): unknown => {
  if (!['EISDIR', 'ENOTDIR', 'EACCES'].some((code) => hasCode(error, code))) return error;
  return new UserError(`${from}cannot read ${name}: ${messageOf(error)}`, {
    id: 'usage.config',
    hint: 'it must be a file that you may read',
    cause: error,
  });
};

/** A file that the user named: whoever it belongs to. */
const readNamed = async (file: string, cwd: string): Promise<Source> => {
  const text = await findTextFile(resolve(cwd, file), longestFileBytes).catch((error: unknown) => {
    throw cannotRead('--config: ', file, error);
  });
  if (text !== undefined) return fileSource(text, file);
  throw new UserError(`--config: there is no file ${file}`, {
    id: 'usage.config',
    hint: 'give the path of a taskgate.yaml',
  });
};

const usualName = 'taskgate.yaml';

const readSource = async ({ cwd, file, env }: LoadInput): Promise<readonly Source[]> => {
  if (file !== undefined) return [await readNamed(file, cwd)];
  const text = await findOwnText(resolve(cwd, usualName), trustedUids(env)).catch((error: unknown) => {
    throw cannotRead('', usualName, error);
  });
  return text === undefined ? [] : [fileSource(text, usualName)];
};

const refuse = (problems: readonly string[]): never => {
  const all = [`${problems.length} problems in the settings:`, ...problems.map((one) => `\n  - ${one}`)].join('');
  throw new UserError(problems.length === 1 ? `${problems[0]}` : all, {
    id: 'usage.config',
    hint: '`taskgate help settings` lists every setting, its flag and its environment variable',
  });
};

/** The sections that are well shaped, and defaults for the others, so that rules can judge what there is. */
const soundParts = (tree: Tree): Config => {
  const issues = configSchema.safeParse(tree).error?.issues ?? [];
  const misshapen = new Set(issues.flatMap((issue) => (issue.path.length > 0 ? [String(issue.path[0])] : [])));
  const known = Object.entries(tree).filter(
    ([key]) => Object.hasOwn(configSchema.unwrap().shape, key) && !misshapen.has(key),
  );
  return configSchema.parse({ ...defaultsSource().tree, ...Object.fromEntries(known) });
};

/** A master with a certificate speaks https; `master.scheme` need not be set, too. */
const withTls = (config: Config): Config =>
  config.master.tls ? { ...config, master: { ...config.master, scheme: 'https' } } : config;

/** The name of the instance as the sources have it; undefined where it is no name, which the schema reports. */
const findName = (tree: Tree): string | undefined => configSchema.unwrap().shape.name.safeParse(tree['name']).data;

/** The layers of the settings, the last one on top: what the instance keeps stands between the defaults and this run. */
const readLayers = async (input: LoadInput) => {
  const reset = parseReset(input.reset ?? '');
  const ofRun = [...(await readSource(input)), environmentSource(input.env), flagsSource(input.flags)];
  const defaults = defaultsSource();
  const named = mergeSources(ofRun).tree;
  const name = findName(mergeSources([defaults, ...ofRun]).tree);
  const kept = name === undefined ? undefined : await input.instance?.(name);
  return { defaults, reset, given: [instanceSource(kept ?? {}, named, reset), ...ofRun] };
};

/** A rule that an instance's setting breaks cannot be followed by leaving that one out. */
const resetHint = (origin: string, path: string): string =>
  origin === 'instance' ? `; or let it go: --reset ${path}` : '';

/**
 * Reads the settings: defaults, what the instance keeps, taskgate.yaml, environment, flags; the last one given wins.
 * Throws UserError `usage.config` with all problems at once, each with its file:line:column, variable or flag,
 * `usage.config-owner` for a taskgate.yaml that nobody named and that others can change, and `usage.reset`.
 */
export const loadConfig = async (input: LoadInput): Promise<Loaded> => {
  const { defaults, reset, given } = await readLayers(input);
  const { tree, locate } = mergeSources([defaults, ...given]);
  const issues = configSchema.safeParse(tree).error?.issues ?? [];
  const config = withTaskImage(withTls(soundParts(tree)));
  const findings = input.check(config);
  const found = (severity: Finding['severity']): readonly string[] =>
    findings
      .filter((finding) => finding.severity === severity)
      .map(({ path, message, hint }) => {
        const origin = locate(path.split('.'));
        return `${origin}: ${path}: ${message}; ${hint}${resetHint(origin, path)}`;
      });
  const problems = [
    ...given.flatMap((source) => source.problems),
    ...issues.flatMap((issue) => describeIssue(issue, tree, locate)),
    ...found('error'),
  ];
  if (problems.length > 0) return refuse(problems);
  const origins = Object.fromEntries(settings.map(({ path }) => [path, locate(path.split('.'))]));
  if (config.master.tls) origins['master.scheme'] = 'master.tls';
  if (config.smallTaskImage) origins['master.taskImage'] = 'smallTaskImage';
  const notes = given.flatMap((source) => source.notes ?? []);
  return { config, origins, reset, given: givenOf(given, input.cwd), warnings: [...notes, ...found('warning')] };
};
