import { flagOf, type Setting, settings, variableOf } from './settings.ts';
import { getIn, leavesOf, nearest, setIn, type Tree } from './tree.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a value came from, as the user would look for it: `taskgate.yaml:3:5`, `TASKGATE_NAME`, `--name`. */
export type Source = {
  readonly tree: Tree;
  /** Where the source says something about this path, or about the nearest one above it. */
  readonly locate: (path: readonly string[]) => string;
  /** Problems that keep the source from being read at all. */
  readonly problems: readonly string[];
  /** What the user should know of it, but what keeps nothing from being read. */
  readonly notes?: readonly string[];
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

/**
 * Variables that Kubernetes gives each pod beside a Service of the name `taskgate`, or Docker each container linked to one:
 * https://kubernetes.io/docs/concepts/containers/container-environment/. The program is called as they are by accident.
 */
const isServiceLink = (name: string, value = '', env: Environment = {}): boolean =>
  /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/.test(name) ||
  /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) ||
  (/_PORT$/.test(name) && /^(tcp|udp|sctp):\/\//.test(value)) ||
  (/_NAME$/.test(name) && isDockerLink(value)) ||
  (/^TASKGATE_ENV_/.test(name) && isDockerLink(env['TASKGATE_NAME']));

/** `/CONTAINER/ALIAS`, as Docker names a link. */
const isDockerLink = (value = ''): boolean => /^\/[^/]+\/[^/]+$/.test(value);

const serviceLinkNote = (names: readonly string[]): readonly string[] =>
  names.length === 0
    ? []
    : [
        `${names.join(', ')}: not read: Kubernetes and Docker set such variables for a Service or container called taskgate`,
      ];

/** Variables TASKGATE_*. An empty one counts as not given, as CI systems make them for values they do not have. */
export const environmentSource = (env: Environment): Source => {
  const known = settings.map(({ path }) => variableOf(path));
  const ours = Object.keys(env).filter((name) => name.startsWith('TASKGATE_'));
  const links = ours.filter((name) => isServiceLink(name, env[name], env));
  const unknown = ours.filter((name) => !known.includes(name) && !links.includes(name));
  const tree = fromStrings((path) =>
    links.includes(variableOf(path)) ? undefined : env[variableOf(path)] || undefined,
  );
  return {
    tree,
    locate: namesBelow(tree, variableOf),
    problems: unknown.map((name) => describeVariable(name, known)),
    notes: serviceLinkNote(links),
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
