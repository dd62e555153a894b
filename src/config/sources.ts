import { flagOf, type Setting, settings, variableOf } from './settings.ts';
import { getIn, leavesOf, nearest, setIn, type Tree } from './tree.ts';

/** Where a value came from, as the user would look for it: `taskgate.yaml:3:5`, `TASKGATE_NAME`, `--name`. */
export type Source = {
  readonly tree: Tree;
  /** Where the source says something about this path, or about the nearest one above it. */
  readonly locate: (path: readonly string[]) => string;
  /** Problems that keep the source from being read at all. */
  readonly problems: readonly string[];
};

export const defaultsSource = (): Source => ({
  tree: settings.reduce<Tree>(
    (tree, setting) => ('default' in setting ? setIn(tree, setting.path.split('.'), setting.default) : tree),
    // every section must be there, even without a value in it
    { network: {} },
  ),
  locate: () => 'default',
  problems: [],
});

/** Converts a text to the setting's type; text that does not convert is returned unchanged, and the schema reports it. */
const readText = (text: string, type: Setting['type']): unknown => {
  if (type === 'number' && /^-?\d+$/.test(text)) return Number(text);
  if (type === 'list') return text === 'none' ? [] : text.split(/[\s,]+/).filter((part) => part !== '');
  if (type === 'switch' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
};

/** The settings that an environment or a command line gives, by path. */
const fromStrings = (given: (path: string) => string | undefined): Tree =>
  settings.reduce<Tree>((tree, { path, type }) => {
    const text = given(path);
    if (text === undefined) return tree;
    return setIn(tree, path.split('.'), readText(text, type));
  }, {});

/** What gave a setting, or for a section each thing that gave a part of it. */
const namesBelow =
  (given: Tree, nameOf: (path: string) => string): Source['locate'] =>
  (path) => {
    const parts = leavesOf(given).map((leaf) => leaf.join('.'));
    const whole = path.join('.');
    const inside = parts.filter((part) => part === whole || part.startsWith(`${whole}.`));
    return (inside.length > 0 ? inside : [whole]).map(nameOf).join(', ');
  };

const describeVariable = (name: string, known: readonly string[]): string => {
  const meant = nearest(name, known);
  return `${name}: no such setting${meant ? `; did you mean ${meant}?` : ''}`;
};

/** Variables TASKGATE_*. An empty one counts as not given, as CI systems make them for values they do not have. */
export const environmentSource = (env: Readonly<Record<string, string | undefined>>): Source => {
  const known = settings.map(({ path }) => variableOf(path));
  const unknown = Object.keys(env).filter((name) => name.startsWith('TASKGATE_') && !known.includes(name));
  const tree = fromStrings((path) => env[variableOf(path)] || undefined);
  return {
    tree,
    locate: namesBelow(tree, variableOf),
    problems: unknown.map((name) => describeVariable(name, known)),
  };
};

/** `flags` holds the values given on the command line by configuration path. */
export const flagsSource = (flags: Readonly<Record<string, string>>): Source => {
  const tree = fromStrings((path) => flags[path]);
  return { tree, locate: namesBelow(tree, flagOf), problems: [] };
};

/**
 * Lays sources over one another, the last one on top, and remembers for each leaf which one gave it.
 * Tested in test/config/load.test.ts.
 */
export const mergeSources = (sources: readonly Source[]) => {
  const origins = new Map<string, Source>();
  const tree = sources.reduce<Tree>(
    (merged, source) =>
      leavesOf(source.tree).reduce((inner, path) => {
        origins.set(path.join('.'), source);
        return setIn(inner, path, getIn(source.tree, path));
      }, merged),
    {},
  );
  const locate = (path: readonly string[]): string => {
    const list = path.slice(0, -1);
    // an entry of a list came from where the list did
    if (Array.isArray(getIn(tree, list))) return locate(list);
    const key = path.join('.');
    const below = new Set([...origins].flatMap(([other, source]) => (other.startsWith(`${key}.`) ? [source] : [])));
    const source = origins.get(key) ?? sources.findLast((one) => below.has(one));
    return source?.locate(path) ?? 'default';
  };
  return { tree, locate };
};
