import { isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { flagOf, settings, variableOf } from './settings.ts';
import { getIn, leavesOf, setIn, type Tree } from './tree.ts';

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

/** The settings that an environment or a command line gives, by path. Numbers become numbers where they are written so. */
const fromStrings = (given: (path: string) => string | undefined): Tree =>
  settings.reduce<Tree>((tree, { path, type }) => {
    const text = given(path);
    if (text === undefined) return tree;
    return setIn(tree, path.split('.'), type === 'number' && /^-?\d+$/.test(text) ? Number(text) : text);
  }, {});

export const environmentSource = (env: Readonly<Record<string, string | undefined>>): Source => {
  const known = new Set(settings.map(({ path }) => variableOf(path)));
  const unknown = Object.keys(env).filter((name) => name.startsWith('TASKGATE_') && !known.has(name));
  return {
    tree: fromStrings((path) => env[variableOf(path)]),
    locate: (path) => variableOf(path.join('.')),
    problems: unknown.map((name) => `${name}: no such setting`),
  };
};

/** `flags` holds the values given on the command line by configuration path. */
export const flagsSource = (flags: Readonly<Record<string, string>>): Source => ({
  tree: fromStrings((path) => flags[path]),
  locate: (path) => flagOf(path.join('.')),
  problems: [],
});

/** A taskgate.yaml. `file` is its name as the user gave it. */
export const fileSource = (text: string, file: string): Source => {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter });
  const position = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const problems = document.errors.map(({ pos, message }) => `${position(pos[0])}: ${message.split('\n')[0]}`);
  const value: unknown = document.errors.length > 0 ? {} : (document.toJS() ?? {});
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const keyOffset = (path: readonly string[]): number | undefined => {
    const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    if (!isMap(parent)) return undefined;
    const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === path.at(-1));
    return (pair?.key as Node | undefined)?.range?.[0];
  };
  return {
    tree: isObject ? (value as Tree) : {},
    problems: isObject ? problems : [...problems, `${file}:1:1: must hold settings, such as 'name: dev'`],
    locate: (path) => {
      for (let length = path.length; length > 0; length--) {
        const offset = keyOffset(path.slice(0, length));
        if (offset !== undefined) return position(offset);
      }
      return file;
    },
  };
};

/** Lays sources over one another, the last one on top, and remembers for each leaf which one gave it. */
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
    const key = path.join('.');
    const source = origins.get(key) ?? [...origins].findLast(([other]) => other.startsWith(`${key}.`))?.[1];
    return source?.locate(path) ?? 'default';
  };
  return { tree, locate };
};
