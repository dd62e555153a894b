import { delimiter, resolve } from 'node:path';
import { UserError } from '../lib/errors.ts';
import { withoutPasswords } from '../lib/redact.ts';
import { configSchema } from './config.ts';
import { settings, settingsOfFiles, settingsOfRun } from './settings.ts';
import { defaultsSource, mergeSources, type Source } from './sources.ts';
import { getIn, nearest, setIn, type Tree } from './tree.ts';

/** Values of settings by their paths. */
export type Given = Readonly<Record<string, unknown>>;

/** What an instance keeps from one `up` to the next. */
export const keptPaths: readonly string[] = settings
  .map(({ path }) => path)
  .filter((path) => !settingsOfRun.includes(path));

/** What cannot be changed in place: `--reset` of a section or of all leaves it alone. */
export const fixedSettings: readonly string[] = [
  ...['context', 'allowContext', 'kubeconfig', 'network.cidr', 'minikube.profile', 'minikube.serviceCidr'],
  ...['gateway.name', 'gateway.namespace', 'gateway.className'],
];

const partsOf = (path: string): readonly string[] => path.split('.');

/** What cannot go with a setting that is named now, and gives way where only the instance has it. */
const displaced: Readonly<Record<string, (value: unknown) => readonly string[]>> = {
  'master.reach': (value) => (value === 'url' ? [] : ['master.url']),
  'ngrok.domain': () => ['ngrok.tcpAddress'],
  'ngrok.tcpAddress': () => ['ngrok.domain'],
  'ngrok.trafficPolicyFile': () => ['tunnel.allowFrom'],
  'tunnel.allowFrom': () => ['ngrok.trafficPolicyFile'],
};

const findDisplaced = (named: Tree): readonly string[] =>
  Object.entries(displaced).flatMap(([path, others]) => {
    const value = getIn(named, partsOf(path));
    return value === undefined ? [] : others(value);
  });

/** The same for a path, its flag, and its variable without `TASKGATE_`. */
const simple = (text: string): string => text.replaceAll(/[-_.]/g, '').toLowerCase();

const refuseWord = (word: string): never => {
  const meant = nearest(word, keptPaths);
  throw new UserError(`--reset: an instance keeps no setting '${word}'${meant ? `; did you mean ${meant}?` : ''}`, {
    id: 'usage.reset',
    hint: 'name settings or sections, such as --reset gateway.listenerLimit,ssh, or all: --reset all',
  });
};

/** The settings that a word of `--reset` names: a path, a flag, or of a section or of all what can be changed in place. */
const pathsOf = (word: string): readonly string[] => {
  if (word === 'all') return keptPaths.filter((path) => !fixedSettings.includes(path));
  const isBelow = (path: string) => path.startsWith(`${word}.`) && !fixedSettings.includes(path);
  const found = keptPaths.filter((path) => simple(path) === simple(word) || isBelow(path));
  return found.length > 0 ? found : refuseWord(word);
};

/** Reads `--reset`. Throws UserError `usage.reset` for what is no setting. Tested in test/config/kept.test.ts. */
export const parseReset = (text: string): readonly string[] =>
  text
    .split(/[\s,]+/)
    .filter((word) => word !== '')
    .flatMap(pathsOf);

/** What an older taskgate has kept may be refused by the schema of today: then the default is used. */
const takeValid = (given: Given): Given => {
  const { tree } = mergeSources([defaultsSource(), { tree: treeOf(given), locate: () => '', problems: [] }]);
  const bad = (configSchema.safeParse(tree).error?.issues ?? []).map((issue) => issue.path.map(String).join('.'));
  const isBad = (path: string) => bad.some((one) => path === one || one.startsWith(`${path}.`));
  return Object.fromEntries(Object.entries(given).filter(([path]) => !isBad(path)));
};

const treeOf = (given: Given): Tree =>
  Object.entries(given).reduce<Tree>((tree, [path, value]) => setIn(tree, partsOf(path), value), {});

/** What the instance keeps, below what this run names: the layer above the defaults. */
export const instanceSource = (kept: Given, named: Tree, reset: readonly string[]): Source => {
  const left = new Set([...reset, ...findDisplaced(named)]);
  const known = Object.entries(kept).filter(([path]) => keptPaths.includes(path) && !left.has(path));
  return { tree: treeOf(takeValid(Object.fromEntries(known))), locate: () => 'instance', problems: [] };
};

/** A file or program that was named from this folder, as it is found from any other. */
const fromAnywhere = (path: string, value: unknown, cwd: string): unknown => {
  if (typeof value !== 'string') return value;
  if (path === 'kubeconfig') {
    const files = value.split(delimiter).filter(Boolean);
    return files.map((file) => resolve(cwd, file)).join(delimiter);
  }
  const isProgram = path.endsWith('.program') && value.includes('/');
  // `ssh -F none` reads no file
  const isFile = settingsOfFiles.includes(path) && value !== 'none';
  return isProgram || isFile ? resolve(cwd, value) : value;
};

/** Nothing that holds a password is kept. */
const isOpen = (value: unknown): boolean =>
  Array.isArray(value) ? value.every(isOpen) : typeof value !== 'string' || withoutPasswords(value) === value;

/** What the instance keeps after this run: everything that was given, now or before. */
export const givenOf = (sources: readonly Source[], cwd: string): Given => {
  const { tree } = mergeSources(sources);
  const rows = keptPaths.map((path) => [path, getIn(tree, partsOf(path))] as const);
  // as it was given: a path is split and made absolute, and a URL in it is none any more
  const open = rows.filter(([, value]) => value !== undefined && isOpen(value));
  return Object.fromEntries(open.map(([path, value]) => [path, fromAnywhere(path, value, cwd)] as const));
};
