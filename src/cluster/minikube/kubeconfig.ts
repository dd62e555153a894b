import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeFileAtomically } from '../../lib/files.ts';
import { embedFiles } from '../../lib/kube/kubeconfig/load.ts';
import { type Entry, entriesOf, isEntry, parseKubeconfig } from '../../lib/kube/kubeconfig/parse.ts';
import { renderNamed } from '../../lib/kube/kubeconfig/render.ts';

/**
 * Reduces the kubeconfig that minikube wrote to one current context with all certificates inside, readable by its owner
 * only: `update-context` writes paths, and `--keep-context` sets no current context.
 */
export const rewriteKubeconfig = async (path: string, profile: string): Promise<void> => {
  const before = await readFile(path, 'utf8');
  const file = parseKubeconfig(before, path, 'remove it and run up again');
  const bodyOf = (list: string, key: string): Promise<Entry> => {
    const body = entriesOf(file, list).find(({ name }) => name === profile)?.[key];
    return embedFiles(isEntry(body) ? body : {}, dirname(path));
  };
  const { extensions: _, ...cluster } = await bodyOf('clusters', 'cluster');
  const text = renderNamed(profile, { cluster, user: await bodyOf('users', 'user') });
  if (text !== before) await writeFileAtomically(path, text);
};
