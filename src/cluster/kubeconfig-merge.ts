import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode, messageOf, UserError } from '../lib/errors.ts';
import { ensureUserFolder, findTextFile, replaceUserFile, targetOf } from '../lib/files.ts';
import { parseYaml, renderYaml } from '../lib/template.ts';
import { polling, waitUntil } from '../lib/wait.ts';

type Entry = { readonly name: string };
type Kubeconfig = Readonly<Record<string, unknown>>;

const lists = ['clusters', 'users', 'contexts'] as const;

const parse = (text: string, what: string): Kubeconfig => {
  const fail = (why: string, cause?: unknown) =>
    new UserError(`${what} cannot be read: ${why}`, {
      id: 'usage.kubeconfig',
      hint: 'mend it, or give another one; nothing was changed',
      cause,
    });
  try {
    const value = parseYaml(text) ?? {};
    if (typeof value === 'object' && !Array.isArray(value)) return value as Kubeconfig;
  } catch (error) {
    throw fail(messageOf(error), error);
  }
  throw fail('it is no mapping');
};

const entriesOf = (file: Kubeconfig, list: (typeof lists)[number]): readonly Entry[] => {
  const entries = file[list];
  return Array.isArray(entries) ? (entries as readonly Entry[]) : [];
};

const change = (
  file: Kubeconfig,
  edit: (entries: readonly Entry[], list: (typeof lists)[number]) => readonly Entry[],
) => Object.fromEntries(lists.map((list) => [list, edit(entriesOf(file, list), list)]));

/** Adds the entries of one kubeconfig to another, replacing those of the same name. The current context stays as it is. */
export const mergeKubeconfig = (theirs: string, ours: string): string => {
  const [file, added] = [parse(theirs, 'your kubeconfig'), parse(ours, "the instance's kubeconfig")];
  const merged = change(file, (entries, list) => {
    const more = entriesOf(added, list);
    return [...entries.filter(({ name }) => !more.some((one) => one.name === name)), ...more];
  });
  return renderYaml({ apiVersion: 'v1', kind: 'Config', 'current-context': '', ...file, ...merged });
};

/** Takes the entries of this name away, and the current context if it is this one; without such, the text stays. */
export const unmergeKubeconfig = (theirs: string, name: string): string => {
  const file = parse(theirs, 'your kubeconfig');
  if (!lists.some((list) => entriesOf(file, list).some((entry) => entry.name === name))) return theirs;
  const rest = change(file, (entries) => entries.filter((entry) => entry.name !== name));
  return renderYaml({ ...file, ...rest, ...(file['current-context'] === name && { 'current-context': '' }) });
};

/** As kubectl does: the file with this name exists while somebody writes. */
const takeLock = async (path: string): Promise<boolean> => {
  try {
    await (await open(path, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
};

const lockTimeoutMs = 10_000;

/**
 * Changes the user's kubeconfig under kubectl's own lock, by rename; what it was before is kept beside it
 * (`.taskgate-backup`). It stays its owner's, also where root does it. Without a change nothing is written. Throws UserError `environment.kubeconfig-locked`.
 */
export const changeKubeconfig = async (
  path: string,
  edit: (text: string) => string,
  { signal, timeoutMs = lockTimeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs?: number },
): Promise<void> => {
  const target = await targetOf(path);
  const lock = `${target}.lock`;
  await ensureUserFolder(dirname(target));
  const judge = (isTaken: boolean) => isTaken || `${lock} is there`;
  await waitUntil(
    `Lock of ${path}`,
    polling(() => takeLock(lock), 50),
    judge,
    { timeoutMs, signal, id: 'environment.kubeconfig-locked', hint: `if nothing writes it, remove ${lock}` },
  );
  try {
    const before = (await findTextFile(target)) ?? '';
    const after = edit(before);
    if (after === before) return;
    await replaceUserFile(target, after, 0o600);
  } finally {
    await rm(lock, { force: true });
  }
};
