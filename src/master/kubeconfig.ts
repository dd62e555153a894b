import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf, UserError } from '../lib/errors.ts';
import { parseYaml, renderYaml } from '../lib/template.ts';

type Entry = Readonly<Record<string, unknown>>;

const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const fail = (message: string, hint: string, cause?: unknown): never => {
  throw new UserError(`kubeconfig: ${message}`, {
    id: 'usage.kubeconfig',
    hint,
    ...(cause !== undefined && { cause }),
  });
};

const flatten = 'write it anew with `kubectl config view --minify --flatten --context NAME`';

const findEntry = (file: Entry, list: string, name: unknown): Entry | undefined => {
  const entries: unknown = file[list];
  return Array.isArray(entries) ? entries.filter(isEntry).find((entry) => entry.name === name) : undefined;
};

const getEntry = (file: Entry, list: string, name: unknown): Entry =>
  findEntry(file, list, name) ??
  fail(`${list} has no '${String(name)}'`, 'name a context that `kubectl config get-contexts` shows');

const bodyOf = (entry: Entry, key: string): Entry => {
  const body = entry[key];
  return isEntry(body) ? body : fail(`${key} '${String(entry.name)}' is empty`, flatten);
};

/** The master reads these relative to its own folder, or runs programs that it may not have. */
const outside: readonly string[] = [
  'certificate-authority',
  'client-certificate',
  'client-key',
  'tokenFile',
  'exec',
  'auth-provider',
];

const verifyContained = (entry: Entry, key: string): void => {
  const found = outside.find((name) => name in bodyOf(entry, key));
  if (found) fail(`${key} '${String(entry.name)}' refers to something outside of the file: ${found}`, flatten);
};

type Reduced = { readonly cluster: Entry; readonly context: Entry; readonly user: Entry };

const parseText = (text: string): unknown => {
  try {
    return parseYaml(text);
  } catch (error) {
    return fail(`is no YAML: ${messageOf(error)}`, flatten, error);
  }
};

const reduce = (text: string, kubeContext: string): Reduced => {
  const file = parseText(text);
  if (!isEntry(file)) return fail('is empty', flatten);
  const context = getEntry(file, 'contexts', kubeContext);
  const body = bodyOf(context, 'context');
  return { context, cluster: getEntry(file, 'clusters', body.cluster), user: getEntry(file, 'users', body.user) };
};

const render = ({ cluster, context, user }: Reduced): string => {
  verifyContained(cluster, 'cluster');
  verifyContained(user, 'user');
  return renderYaml({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context.name,
    clusters: [cluster],
    contexts: [context],
    users: [user],
  });
};

/**
 * A kubeconfig reduced to one context, which is then its current one: the master follows no other and does not resolve
 * paths against the file (determined.md 2.1, determined-live.md 3). Throws UserError `usage.kubeconfig` when the context is
 * not there, or leans on files and programs outside.
 */
export const renderKubeconfig = (text: string, kubeContext: string): string => render(reduce(text, kubeContext));

const embeddable: readonly string[] = ['certificate-authority', 'client-certificate', 'client-key'];

const readBase64 = async (path: string): Promise<string> => {
  try {
    return (await readFile(path)).toString('base64');
  } catch (error) {
    return fail(`cannot read ${path}: ${messageOf(error)}`, flatten, error);
  }
};

/** As `kubectl config view --flatten`: data that is there already wins over a file. */
const embed = async (entry: Entry, key: string, folder: string): Promise<Entry> => {
  const body = bodyOf(entry, key);
  const files = Object.entries(body).filter(([name, path]) => embeddable.includes(name) && typeof path === 'string');
  const data = await Promise.all(
    files
      .filter(([name, path]) => path !== '' && !body[`${name}-data`])
      .map(async ([name, path]) => [`${name}-data`, await readBase64(resolve(folder, String(path)))] as const),
  );
  const rest = Object.entries(body).filter(([name]) => !files.some(([file]) => file === name));
  return { ...entry, [key]: Object.fromEntries([...rest, ...data]) };
};

/**
 * Like {@link renderKubeconfig}, from a file, whose certificates and key may be files too; paths are relative to its folder.
 * Throws UserError `usage.kubeconfig`, also for a file that cannot be read.
 */
export const loadKubeconfig = async (path: string, kubeContext: string): Promise<string> => {
  const text = await readFile(path, 'utf8').catch((error: unknown) =>
    fail(`cannot read ${path}: ${messageOf(error)}`, 'give the path of a kubeconfig', error),
  );
  const { context, cluster, user } = reduce(text, kubeContext);
  const folder = dirname(resolve(path));
  const embedded = await Promise.all([embed(cluster, 'cluster', folder), embed(user, 'user', folder)]);
  return render({ context, cluster: embedded[0], user: embedded[1] });
};
