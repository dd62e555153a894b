import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { isThere } from '../../files.ts';

/** The files that kubectl would read: those of a list such as KUBECONFIG holds, else the one in the home folder. */
export const kubeconfigPaths = (list: string | undefined, home: string): readonly string[] => {
  const paths = [...new Set((list ?? '').split(delimiter).filter(Boolean))];
  return paths.length > 0 ? paths : [join(home, '.kube', 'config')];
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Absolute path of the file to which kubectl adds a new context: the first of KUBECONFIG that exists, else the last
 * (client-go's `PathOptions.GetDefaultFilename`).
 */
export const findWrittenKubeconfig = async ({ KUBECONFIG, HOME }: Environment): Promise<string> => {
  const paths = kubeconfigPaths(KUBECONFIG, HOME || homedir()).map((path) => resolve(path));
  for (const path of paths) if (await isThere(path)) return path;
  return paths.at(-1) as string;
};
