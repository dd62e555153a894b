import { isDeepStrictEqual } from 'node:util';
import { renderYaml } from '../../template.ts';
import { type Addition, findEmpty, openWritten, putEntries, removeEntries, replaceText } from './edit.ts';
import { type Entry, entriesOf, isEntry, kubeconfigError, parseKubeconfig } from './parse.ts';

const lists = ['clusters', 'users', 'contexts'] as const;

const hint = 'repair it, or give another one; nothing was changed';

const isNamed = (entry: unknown, names: readonly unknown[]): boolean => isEntry(entry) && names.includes(entry.name);

const current = 'current-context';

/** All that a file says beside the entries of these names, each scalar as it is written. */
const restOf = (text: string, names: readonly unknown[]): unknown => {
  const written: unknown = openWritten(text).toJS();
  if (!isEntry(written)) return {};
  const others = (value: unknown) => (Array.isArray(value) ? value.filter((entry) => !isNamed(entry, names)) : []);
  const { [current]: context = '', ...rest } = written;
  const own = Object.fromEntries(lists.map((list) => [list, others(written[list])]));
  return { ...rest, ...own, [current]: names.includes(context) ? '' : context };
};

/** What was edited may be no YAML any more, which is not the user's fault. */
const isYaml = (text: string): boolean => {
  try {
    return isEntry(parseKubeconfig(text, 'your kubeconfig', hint));
  } catch {
    return false;
  }
};

/** Aliases and tags can make one entry of two places: nothing is written unless all others are as before. */
const verifyRest = (before: string, after: string, names: readonly unknown[]): string => {
  if (isYaml(after) && isDeepStrictEqual(restOf(before, names), restOf(after, names))) return after;
  throw kubeconfigError(
    'your kubeconfig is written in a form that cannot be edited without changing the rest of it',
    'write it without anchors and aliases, or do without --merge-kubeconfig: `taskgate env` needs none; nothing was changed',
  );
};

const startFile = (text: string, added: Entry): string => {
  const own = Object.fromEntries(lists.map((list) => [list, entriesOf(added, list)]));
  const start = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  return start + renderYaml({ apiVersion: 'v1', kind: 'Config', ...own, [current]: '' });
};

/**
 * Adds the entries of one kubeconfig to another, and replaces those of the same name. All other bytes stay, and the current
 * context. Throws UserError `usage.kubeconfig` for a file in which that cannot be done.
 */
export const mergeKubeconfig = (text: string, addedText: string): string => {
  const file = parseKubeconfig(text, 'your kubeconfig', hint);
  const added = parseKubeconfig(addedText, "the instance's kubeconfig", hint);
  const empty = findEmpty(text);
  if (empty !== undefined) return startFile(empty, added);
  const all = lists.flatMap((list) => entriesOf(added, list).map((entry): Addition => ({ list, entry })));
  const known = ({ list, entry }: Addition) => entriesOf(file, list).filter(({ name }) => name === entry.name);
  const changed = all.filter((one) => !isDeepStrictEqual(known(one), [one.entry]));
  // kubectl refuses a list with a name that is there twice
  const doubled = changed.filter((one) => known(one).length > 1);
  const single = doubled.reduce((rest, { list, entry }) => removeEntries(rest, [list], entry.name), text);
  const names = all.map(({ entry }) => entry.name);
  const merged = verifyRest(text, putEntries(single, changed), names);
  // what could not be taken out again is not put in
  for (const name of names) unmergeKubeconfig(merged, String(name));
  return merged;
};

/**
 * Removes the entries of this name, and unsets the current context if it has this name. All other bytes stay; so do the keys
 * of lists that a merge added, without entries, since the file does not tell whose they are. Throws UserError
 * `usage.kubeconfig` for a file in which that cannot be done.
 */
export const unmergeKubeconfig = (text: string, name: string): string => {
  const file = parseKubeconfig(text, 'your kubeconfig', hint);
  if (!lists.some((list) => entriesOf(file, list).some((entry) => entry.name === name))) return text;
  const rest = removeEntries(text, lists, name);
  return verifyRest(text, file[current] === name ? replaceText(rest, current, '') : rest, [name]);
};
