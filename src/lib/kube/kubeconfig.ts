import { readFile } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { hasCode, messageOf, UserError } from '../errors.ts';
import { parseYaml, renderYaml } from '../template.ts';

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

/** A kubeconfig, and the folder from which its relative paths start. */
type Source = { readonly file: Entry; readonly folder: string };

/** An entry, and the folder of the file that it came from. */
type Found = { readonly entry: Entry; readonly folder: string };

const findEntry = ({ file, folder }: Source, list: string, name: unknown): Found | undefined => {
  const entries: unknown = file[list];
  const entry = Array.isArray(entries) ? entries.filter(isEntry).find((one) => one.name === name) : undefined;
  return entry && { entry, folder };
};

/** Of several files that have an entry of this name the first one counts, as for kubectl. */
const getEntry = (sources: readonly Source[], list: string, name: unknown): Found =>
  sources.map((source) => findEntry(source, list, name)).find((found) => found !== undefined) ??
  fail(`${list} has no '${String(name)}'`, 'name a context that `kubectl config get-contexts` shows');

const bodyOf = (entry: Entry, key: string): Entry => {
  const body = entry[key];
  return isEntry(body) ? body : fail(`${key} '${String(entry.name)}' is empty`, flatten);
};

/** Whoever gets the file alone reads these relative to its own folder. */
const outside: readonly string[] = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

/** Credentials that a program fetches. */
const fetched: readonly string[] = ['exec', 'auth-provider'];

const useToken =
  'the program, and the login that it uses, may not be there for all who use this file: give the context a user with a certificate, or with a token such as `kubectl create token` makes';

const verifyContained = (entry: Entry, key: string): void => {
  const body = bodyOf(entry, key);
  const name = String(entry.name);
  const file = outside.find((one) => one in body);
  if (file) fail(`${key} '${name}' refers to something outside of the file: ${file}`, flatten);
  const program = fetched.find((one) => one in body);
  if (program) fail(`${key} '${name}' gets its credentials from a program outside of the file: ${program}`, useToken);
};

type Reduced = { readonly cluster: Found; readonly context: Entry; readonly user: Found };

const parseFile = (text: string): Entry => {
  try {
    const file = parseYaml(text);
    return isEntry(file) ? file : fail('is empty', flatten);
  } catch (error) {
    if (error instanceof UserError) throw error;
    return fail(`is no YAML: ${messageOf(error)}`, flatten, error);
  }
};

const reduce = (sources: readonly Source[], kubeContext: string): Reduced => {
  const { entry: context } = getEntry(sources, 'contexts', kubeContext);
  const body = bodyOf(context, 'context');
  return {
    context,
    cluster: getEntry(sources, 'clusters', body.cluster),
    user: getEntry(sources, 'users', body.user),
  };
};

const render = ({ cluster, context, user }: Reduced): string => {
  verifyContained(cluster.entry, 'cluster');
  verifyContained(user.entry, 'user');
  return renderYaml({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context.name,
    clusters: [cluster.entry],
    contexts: [context],
    users: [user.entry],
  });
};

/**
 * A kubeconfig reduced to one context, which is then its current one: Determined's master follows no other and does not
 * resolve paths against the file (docs/determined.md, Kubeconfig). Throws UserError `usage.kubeconfig` when the
 * context is not there, or leans on files and programs outside.
 */
export const renderKubeconfig = (text: string, kubeContext: string): string =>
  render(reduce([{ file: parseFile(text), folder: '/' }], kubeContext));

const embeddable: readonly string[] = ['certificate-authority', 'client-certificate', 'client-key'];

const readBase64 = async (path: string): Promise<string> => {
  try {
    return (await readFile(path)).toString('base64');
  } catch (error) {
    return fail(`cannot read ${path}: ${messageOf(error)}`, flatten, error);
  }
};

/** As `kubectl config view --flatten`: data that is there already wins over a file. */
const embed = async ({ entry, folder }: Found, key: string): Promise<Found> => {
  const body = bodyOf(entry, key);
  const files = Object.entries(body).filter(([name, path]) => embeddable.includes(name) && typeof path === 'string');
  const data = await Promise.all(
    files
      .filter(([name, path]) => path !== '' && !body[`${name}-data`])
      .map(async ([name, path]) => [`${name}-data`, await readBase64(resolve(folder, String(path)))] as const),
  );
  const rest = Object.entries(body).filter(([name]) => !files.some(([file]) => file === name));
  return { entry: { ...entry, [key]: Object.fromEntries([...rest, ...data]) }, folder };
};

/** A file that is not there is none of several, as for kubectl; all else that is wrong with one is an error. */
const readSource = async (path: string): Promise<Source | undefined> => {
  try {
    const text = await readFile(path, 'utf8');
    return text.trim() === '' ? undefined : { file: parseFile(text), folder: dirname(resolve(path)) };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    if (error instanceof UserError) throw error;
    return fail(`cannot read ${path}: ${messageOf(error)}`, 'give the path of a kubeconfig', error);
  }
};

/**
 * Like {@link renderKubeconfig}, from files, merged as kubectl does, whose certificates and key may be files too.
 * Only reads. Throws UserError `usage.kubeconfig`, also for files of which none is there.
 */
export const loadKubeconfig = async (paths: readonly string[], kubeContext: string): Promise<string> => {
  const sources = (await Promise.all(paths.map(readSource))).filter((source) => source !== undefined);
  if (sources.length === 0) return fail(`there is none at ${paths.join(' or ')}`, 'give the path of a kubeconfig');
  const { context, cluster, user } = reduce(sources, kubeContext);
  const embedded = await Promise.all([embed(cluster, 'cluster'), embed(user, 'user')]);
  return render({ context, cluster: embedded[0], user: embedded[1] });
};

/** The files that kubectl would read: those of a list such as KUBECONFIG holds, else the one in the home folder. */
export const kubeconfigPaths = (list: string | undefined, home: string): readonly string[] => {
  const paths = [...new Set((list ?? '').split(delimiter).filter(Boolean))];
  return paths.length > 0 ? paths : [join(home, '.kube', 'config')];
};
