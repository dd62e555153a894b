import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { UserError } from '../lib/errors.ts';
import { findTextFile } from '../lib/files.ts';
import { type Config, configSchema } from './config.ts';
import { settings } from './settings.ts';
import { defaultsSource, environmentSource, fileSource, flagsSource, mergeSources, type Source } from './sources.ts';
import { getIn, nearest, type Tree } from './tree.ts';

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
  /** Rules of the parts, asked when the shape is right. */
  readonly check: (config: Config) => readonly Finding[];
};

export type Loaded = {
  readonly config: Config;
  /** For each setting where its value came from. */
  readonly origins: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
};

/** Folders of taskgate by the XDG base directory specification. */
export const xdgDirs = ({ XDG_STATE_HOME, XDG_CACHE_HOME, HOME = homedir() }: Environment) => ({
  stateDir: join(XDG_STATE_HOME || join(HOME, '.local', 'state'), 'taskgate'),
  cacheDir: join(XDG_CACHE_HOME || join(HOME, '.cache'), 'taskgate'),
});

const defaultFile = 'taskgate.yaml';

const readSource = async ({ cwd, file }: LoadInput): Promise<readonly Source[]> => {
  const text = await findTextFile(resolve(cwd, file ?? defaultFile));
  if (text !== undefined) return [fileSource(text, file ?? defaultFile)];
  if (file === undefined) return [];
  throw new UserError(`--config: there is no file ${file}`, {
    id: 'usage.config',
    hint: 'give the path of a taskgate.yaml',
  });
};

const knownKeysBelow = (path: readonly string[]): readonly string[] => {
  const prefix = path.map((part) => `${part}.`).join('');
  const below = settings.filter((setting) => setting.path.startsWith(prefix));
  return [...new Set(below.map((setting) => setting.path.slice(prefix.length).split('.')[0] ?? ''))];
};

type Locate = (path: readonly string[]) => string;

const describeUnknown = (key: string, parent: readonly string[], locate: Locate): string => {
  const meant = nearest(key, knownKeysBelow(parent));
  const known = meant ? `did you mean '${meant}'?` : `known here: ${knownKeysBelow(parent).join(', ')}`;
  return `${locate([...parent, key])}: unknown key '${[...parent, key].join('.')}'; ${known}`;
};

const describeIssue = (issue: z.core.$ZodIssue, tree: Tree, locate: Locate): readonly string[] => {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => describeUnknown(key, path, locate));
  const seen = getIn(tree, path);
  return [`${locate(path)}: ${path.join('.')}: ${issue.message}, got ${JSON.stringify(seen) ?? 'nothing'}`];
};

const refuse = (problems: readonly string[]): never => {
  throw new UserError(problems.length === 1 ? `${problems[0]}` : problems.map((one) => `\n  - ${one}`).join(''), {
    id: 'usage.config',
    hint: 'run `taskgate config show --origin` to see every setting and where it comes from',
  });
};

/**
 * Reads the settings: defaults, taskgate.yaml, environment, flags; the last one given wins.
 * Throws UserError `usage.config` with all problems at once, each with its file:line:column, variable or flag.
 */
export const loadConfig = async (input: LoadInput): Promise<Loaded> => {
  const sources = [
    defaultsSource(),
    ...(await readSource(input)),
    environmentSource(input.env),
    flagsSource(input.flags),
  ];
  const { tree, locate } = mergeSources(sources);
  const unreadable = sources.flatMap(({ problems }) => problems);
  const parsed = configSchema.safeParse(tree);
  const misshapen = parsed.success ? [] : parsed.error.issues.flatMap((issue) => describeIssue(issue, tree, locate));
  if (!parsed.success || unreadable.length > 0) return refuse([...unreadable, ...misshapen]);
  const texts = (severity: Finding['severity']) =>
    findings
      .filter((finding) => finding.severity === severity)
      .map(({ path, message, hint }) => `${locate(path.split('.'))}: ${path}: ${message}; ${hint}`);
  const findings = input.check(parsed.data);
  if (texts('error').length > 0) refuse(texts('error'));
  const origins = Object.fromEntries(settings.map(({ path }) => [path, locate(path.split('.'))]));
  return { config: parsed.data, origins, warnings: texts('warning') };
};
