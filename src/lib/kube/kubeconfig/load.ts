import { dirname, resolve } from 'node:path';
import type { Cluster, Context, KubeConfig, User } from '@kubernetes/client-node';
import { withoutUndefined } from '../../defined.ts';
import { hasCode, messageOf, UserError } from '../../errors.ts';
import { readTextFile, readWhole } from '../../files.ts';
import { certificateFields, type Found, findEntry, modelOf, type Source } from './model.ts';
import { type Entry, isEntry, kubeconfigError, parseKubeconfig } from './parse.ts';
import { renderKubeconfig } from './render.ts';

const fail = (message: string, hint: string, cause?: unknown): never => {
  throw kubeconfigError(`kubeconfig: ${message}`, hint, cause);
};

const flatten = 'write it again with `kubectl config view --minify --flatten --context NAME`';

const isMissing = (sources: readonly Source[], list: string, name: string): never => {
  const found = findEntry(sources, list, name);
  if (!found) return fail(`${list} has no '${name}'`, 'name a context that `kubectl config get-contexts` shows');
  const key = list.slice(0, -1);
  const lacks = key === 'context' ? 'names no cluster' : 'has no server';
  return fail(`${key} '${name}' ${isEntry(found.entry[key]) ? lacks : 'is empty'}`, flatten);
};

/** Hundreds of clusters with embedded certificates. */
const longestKubeconfigBytes = 16 * 2 ** 20;
const longestCertificateBytes = 2 ** 20;

const readBase64 = (path: string): Promise<string> =>
  readWhole(path, longestCertificateBytes)
    .then((bytes) => bytes.toString('base64'))
    .catch((error) => fail(`cannot read ${path}: ${messageOf(error)}`, flatten, error));

/** Turns `client-key: /path` into `client-key-data`, as `kubectl config view --flatten`: existing data wins over a file. */
export const embedFiles = async (body: Entry, folder: string): Promise<Entry> => {
  const files = Object.entries(body).filter(
    ([name, path]) => certificateFields.includes(name) && typeof path === 'string',
  );
  const data = await Promise.all(
    files
      .filter(([name, path]) => path !== '' && !body[`${name}-data`])
      .map(async ([name, path]) => [`${name}-data`, await readBase64(resolve(folder, String(path)))] as const),
  );
  const rest = Object.entries(body).filter(([name]) => !files.some(([file]) => file === name));
  return Object.fromEntries([...rest, ...data]);
};

const embedCluster = async ({ entry, folder }: Found, { caFile }: Cluster): Promise<Entry> => {
  const body = isEntry(entry.cluster) ? entry.cluster : {};
  return {
    ...entry,
    cluster: await embedFiles({ ...body, ...(caFile && { 'certificate-authority': caFile }) }, folder),
  };
};

/** The command of an exec plugin, as client-go finds it: with a slash it starts from the file's folder, without in PATH. */
const absoluteCommand = (exec: unknown, folder: string): unknown => {
  if (!isEntry(exec)) return exec;
  const { command } = exec;
  const isPath = typeof command === 'string' && command.includes('/');
  return isPath ? { ...exec, command: resolve(folder, command) } : exec;
};

/** What stays outside of the file (a token file, whose content changes, and an exec plugin) is found from every folder. */
const embedUser = async ({ entry, folder }: Found, { certFile, keyFile }: User): Promise<Entry> => {
  const body = isEntry(entry.user) ? entry.user : {};
  const { tokenFile, exec } = body;
  const found = withoutUndefined({
    ...body,
    'client-certificate': certFile || undefined,
    'client-key': keyFile || undefined,
    tokenFile: typeof tokenFile === 'string' && tokenFile !== '' ? resolve(folder, tokenFile) : tokenFile,
    exec: absoluteCommand(exec, folder),
  });
  return { ...entry, user: await embedFiles(found, folder) };
};

/** A context may name no user; such a cluster asks for none, as one behind `kubectl proxy`. */
const noUser: Entry = { name: '', user: {} };

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

const entriesFor = async (sources: readonly Source[], config: KubeConfig, context: Context) => {
  const get = (list: string, name: string): Found => findEntry(sources, list, name) ?? isMissing(sources, list, name);
  const cluster = config.getCluster(context.cluster) ?? isMissing(sources, 'clusters', context.cluster);
  const user = context.user ? (config.getUser(context.user) ?? isMissing(sources, 'users', context.user)) : undefined;
  return {
    context: get('contexts', context.name).entry,
    cluster: await embedCluster(get('clusters', cluster.name), cluster),
    user: user ? await embedUser(get('users', user.name), user) : noUser,
  };
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
  const config = await modelOf(sources);
  const context = config.getContextObject(kubeContext) ?? isMissing(sources, 'contexts', kubeContext);
  return renderKubeconfig(await entriesFor(sources, config, context));
};
