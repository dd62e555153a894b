import { readFile } from 'node:fs/promises';
import { writeFileAtomically } from '../../lib/files.ts';
import { parseYaml, renderYaml } from '../../lib/template.ts';

type Body = Readonly<Record<string, unknown>>;
type Entry = { readonly name: string; readonly cluster?: Body; readonly user?: Body };
type Kubeconfig = { readonly clusters: readonly Entry[]; readonly users: readonly Entry[] };

const fileKeys = ['certificate-authority', 'client-certificate', 'client-key'];

/** `client-key: /path` becomes `client-key-data`, as base64. */
const embed = async (body: Body): Promise<Body> => {
  const entries = Object.entries(body).map(async ([key, value]) => {
    if (!fileKeys.includes(key) || typeof value !== 'string') return [key, value] as const;
    return [`${key}-data`, (await readFile(value)).toString('base64')] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
};

const bodyOf = (entries: readonly Entry[], profile: string, key: 'cluster' | 'user'): Promise<Body> =>
  embed(entries.find(({ name }) => name === profile)?.[key] ?? {});

/**
 * Reduces the kubeconfig that minikube has written to one current context with all certificates inside, for its owner
 * only: `update-context` writes paths, and `--keep-context` leaves it without a current one.
 */
export const settleKubeconfig = async (path: string, profile: string): Promise<void> => {
  const before = await readFile(path, 'utf8');
  const { clusters, users } = parseYaml(before) as Kubeconfig;
  const { extensions: _, ...cluster } = await bodyOf(clusters, profile, 'cluster');
  const user = await bodyOf(users, profile, 'user');
  const text = renderYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: profile, cluster }],
    users: [{ name: profile, user }],
    contexts: [{ name: profile, context: { cluster: profile, user: profile } }],
    'current-context': profile,
  });
  if (text !== before) await writeFileAtomically(path, text);
};
