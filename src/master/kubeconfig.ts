import { UserError } from '../lib/errors.ts';
import { parseYaml, renderYaml } from '../lib/template.ts';

type Entry = Readonly<Record<string, unknown>>;

const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const fail = (message: string, hint: string): never => {
  throw new UserError(`kubeconfig: ${message}`, { id: 'usage.kubeconfig', hint });
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

/**
 * A kubeconfig reduced to one context, which is then its current one: the master follows no other and does not resolve
 * paths against the file (determined.md 2.1, determined-live.md 3). Throws UserError `usage.kubeconfig` when the context is
 * not there, or leans on files and programs outside.
 */
export const renderKubeconfig = (text: string, kubeContext: string): string => {
  const file = parseYaml(text);
  if (!isEntry(file)) return fail('is empty', flatten);
  const context = getEntry(file, 'contexts', kubeContext);
  const body = bodyOf(context, 'context');
  const cluster = getEntry(file, 'clusters', body.cluster);
  const user = getEntry(file, 'users', body.user);
  verifyContained(cluster, 'cluster');
  verifyContained(user, 'user');
  return renderYaml({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': kubeContext,
    clusters: [cluster],
    contexts: [context],
    users: [user],
  });
};
