import { dirname, resolve } from 'node:path';
import { hasCode, messageOf, UserError } from '../../errors.ts';
import { readTextFile, readWhole } from '../../files.ts';
import { type Entry, entriesOf, isEntry, kubeconfigError, parseKubeconfig } from './parse.ts';
import { renderKubeconfig } from './render.ts';

const fail = (message: string, hint: string, cause?: unknown): never => {
  throw kubeconfigError(`kubeconfig: ${message}`, hint, cause);
};

const flatten = 'write it again with `kubectl config view --minify --flatten --context NAME`';

/** A kubeconfig, and the folder that its relative paths start from. */
type Source = { readonly file: Entry; readonly folder: string };

/** An entry, and the folder of the file that it is in. */
type Found = { readonly entry: Entry; readonly folder: string };

/** If several files or entries have this name, the first one counts, as for kubectl. */
const getEntry = (sources: readonly Source[], list: string, name: unknown): Found => {
  const entries = sources.flatMap(({ file, folder }) => entriesOf(file, list).map((entry) => ({ entry, folder })));
  const hint = 'name a context that `kubectl config get-contexts` shows';
  return (
    entries.find(({ entry }) => String(entry.name) === String(name)) ?? fail(`${list} has no '${String(name)}'`, hint)
  );
};

const bodyOf = (entry: Entry, key: string): Entry => {
  const body = entry[key];
  return isEntry(body) ? body : fail(`${key} '${String(entry.name)}' is empty`, flatten);
};

/** Credentials that a program fetches. */
const fetched: readonly string[] = ['exec', 'auth-provider'];

const useToken =
  'that program and its login may be missing for other users of this file: give the context a user with a certificate, or with a token such as `kubectl create token` makes';

/**
 * Throws UserError `usage.kubeconfig` if a program fetches the credentials of the current context: the Kubernetes client
 * would run it.
 */
export const verifyNoPrograms = (text: string, what: string): void => {
  const file = parseKubeconfig(text, what, flatten);
  const contexts = entriesOf(file, 'contexts').filter(({ name }) => name === file['current-context']);
  const used = contexts.flatMap(({ context }) => (isEntry(context) ? [context.user] : []));
  for (const { name, user } of entriesOf(file, 'users')) {
    const program = isEntry(user) && used.includes(name) ? fetched.find((one) => one in user) : undefined;
    if (!program) continue;
    const message = `${what}: user '${String(name)}' gets its credentials from a program, which is not run: ${program}`;
    throw kubeconfigError(message, useToken);
  }
};

const embeddable: readonly string[] = ['certificate-authority', 'client-certificate', 'client-key'];

/** Hundreds of clusters with embedded certificates. */
const longestKubeconfigBytes = 16 * 2 ** 20;
const longestCertificateBytes = 2 ** 20;

const readBase64 = (path: string): Promise<string> =>
  readWhole(path, longestCertificateBytes)
    .then((bytes) => bytes.toString('base64'))
    .catch((error) => fail(`cannot read ${path}: ${messageOf(error)}`, flatten, error));

/** Turns `client-key: /path` into `client-key-data`, as `kubectl config view --flatten`: existing data wins over a file. */
export const embedFiles = async (body: Entry, folder: string): Promise<Entry> => {
  const files = Object.entries(body).filter(([name, path]) => embeddable.includes(name) && typeof path === 'string');
  const data = await Promise.all(
    files
      .filter(([name, path]) => path !== '' && !body[`${name}-data`])
      .map(async ([name, path]) => [`${name}-data`, await readBase64(resolve(folder, String(path)))] as const),
  );
  const rest = Object.entries(body).filter(([name]) => !files.some(([file]) => file === name));
  return Object.fromEntries([...rest, ...data]);
};

const embed = async ({ entry, folder }: Found, key: string): Promise<Entry> => ({
  ...entry,
  [key]: await embedFiles(bodyOf(entry, key), folder),
});

/** The command of an exec plugin, as client-go finds it: with a slash it starts from the file's folder, without in PATH. */
const absoluteCommand = (exec: unknown, folder: string): Entry | undefined => {
  if (!isEntry(exec)) return undefined;
  const { command } = exec;
  const isPath = typeof command === 'string' && command.includes('/');
  return isPath ? { ...exec, command: resolve(folder, command) } : exec;
};

/** What stays outside of the file (a token file, whose content changes, and an exec plugin) is found from every folder. */
const embedUser = async ({ entry, folder }: Found): Promise<Entry> => {
  const user = isEntry(entry.user) ? entry.user : {};
  const { tokenFile, exec } = user;
  const command = absoluteCommand(exec, folder);
  const found = {
    ...user,
    ...(typeof tokenFile === 'string' && tokenFile !== '' && { tokenFile: resolve(folder, tokenFile) }),
    ...(command && { exec: command }),
  };
  return { ...entry, user: await embedFiles(found, folder) };
};

/** A context may name no user; such a cluster asks for none, as one behind `kubectl proxy`. */
const findUser = (sources: readonly Source[], name: unknown): Found =>
  name === undefined || name === null || name === ''
    ? { entry: { name: '', user: {} }, folder: '' }
    : getEntry(sources, 'users', name);

/** Of several files, one that does not exist or is empty is skipped, as by kubectl. */
const readSource = async (path: string): Promise<Source | undefined> => {
  try {
    const file = parseKubeconfig(await readTextFile(path, longestKubeconfigBytes), `kubeconfig: ${path}`, flatten);
    return Object.keys(file).length === 0 ? undefined : { file, folder: dirname(resolve(path)) };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    if (error instanceof UserError) throw error;
    return fail(`cannot read ${path}: ${messageOf(error)}`, 'give the path of a kubeconfig', error);
  }
};

/**
 * The user's kubeconfig, reduced to one context with all certificates inside: Determined's master follows only the
 * current context and does not resolve paths against the file (docs/determined.md, Kubeconfig). Merges several files as
 * kubectl does, and only reads. A token file and an exec plugin stay outside of it. Throws UserError `usage.kubeconfig` if
 * there is none of the files or no such context.
 */
export const loadKubeconfig = async (paths: readonly string[], kubeContext: string): Promise<string> => {
  const sources = (await Promise.all(paths.map(readSource))).filter((source) => source !== undefined);
  if (sources.length === 0) return fail(`there is none at ${paths.join(' or ')}`, 'give the path of a kubeconfig');
  const { entry: context } = getEntry(sources, 'contexts', kubeContext);
  const named = bodyOf(context, 'context');
  const [cluster, user] = [getEntry(sources, 'clusters', named.cluster), findUser(sources, named.user)];
  return renderKubeconfig({ context, cluster: await embed(cluster, 'cluster'), user: await embedUser(user) });
};
