import { renderYaml } from '../../template.ts';
import { type Entry, entriesOf, parseKubeconfig } from './parse.ts';

const lists = ['clusters', 'users', 'contexts'] as const;

const hint = 'repair it, or give another one; nothing was changed';

const editLists = (file: Entry, edit: (entries: readonly Entry[], list: string) => readonly Entry[]) =>
  Object.fromEntries(lists.map((list) => [list, edit(entriesOf(file, list), list)]));

/** Adds the entries of one kubeconfig to another and replaces those of the same name. The current context stays. */
export const mergeKubeconfig = (text: string, addedText: string): string => {
  const file = parseKubeconfig(text, 'your kubeconfig', hint);
  const added = parseKubeconfig(addedText, "the instance's kubeconfig", hint);
  const merged = editLists(file, (entries, list) => {
    const more = entriesOf(added, list);
    return [...entries.filter(({ name }) => !more.some((one) => one.name === name)), ...more];
  });
  return renderYaml({ apiVersion: 'v1', kind: 'Config', 'current-context': '', ...file, ...merged });
};

/** Removes the entries of this name, and unsets the current context if it has this name. Without any, the text stays. */
export const unmergeKubeconfig = (text: string, name: string): string => {
  const file = parseKubeconfig(text, 'your kubeconfig', hint);
  if (!lists.some((list) => entriesOf(file, list).some((entry) => entry.name === name))) return text;
  const rest = editLists(file, (entries) => entries.filter((entry) => entry.name !== name));
  return renderYaml({ ...file, ...rest, ...(file['current-context'] === name && { 'current-context': '' }) });
};
