import { delimiter, join } from 'node:path';

/** The files that kubectl would read: those of a list such as KUBECONFIG holds, else the one in the home folder. */
export const kubeconfigPaths = (list: string | undefined, home: string): readonly string[] => {
  const paths = [...new Set((list ?? '').split(delimiter).filter(Boolean))];
  return paths.length > 0 ? paths : [join(home, '.kube', 'config')];
};
