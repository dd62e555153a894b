import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { changeKubeconfig, mergeKubeconfig, unmergeKubeconfig } from '../../cluster/kubeconfig-merge.ts';
import { isForeignCluster } from '../../gateway/foreign/kept.ts';
import { kubeconfigPaths } from '../../lib/kube/kubeconfig.ts';
import type { CommandContext } from '../../providers/context.ts';
import type { Step } from '../../task-list/step.ts';
import { need, type UpContext } from '../context.ts';
import { startCluster } from './start-cluster.ts';

/** The file that kubectl itself would write to. */
const userKubeconfig = ({ env: { KUBECONFIG, HOME } }: CommandContext): string => {
  const [path] = kubeconfigPaths(KUBECONFIG, HOME || homedir());
  if (path === undefined) throw new Error('there is always a usual path');
  return path;
};

/** Why there is nothing to merge. The entries of somebody else's cluster are theirs: `down` would take them away. */
const notWanted = (context: UpContext): string | false => {
  if (!context.config.mergeKubeconfig) return 'not asked for; --merge-kubeconfig adds the context to yours';
  return isForeignCluster(need(context, 'instance')) && 'who made the cluster has the context in a kubeconfig already';
};

/** Only on request is the user's own kubeconfig touched, and its current context never. */
export const mergeContext: Step<UpContext> = {
  title: 'Add the context to your kubeconfig',
  skip: notWanted,
  after: [startCluster],
  run: async (context, { signal }) => {
    const { kubeconfigPath, kubeContext } = need(context, 'cluster');
    const instance = need(context, 'instance');
    const path = userKubeconfig(context);
    const ours = await readFile(kubeconfigPath, 'utf8');
    await instance.change({ merged: { path, kubeContext } });
    await changeKubeconfig(path, (theirs) => mergeKubeconfig(theirs, ours), { signal });
    return `${path}, context ${kubeContext}`;
  },
};

/** Takes the context of an instance out of the user's kubeconfig again. */
export const unmergeContext = async (
  { path, kubeContext }: { readonly path: string; readonly kubeContext: string },
  signal: AbortSignal,
): Promise<void> => changeKubeconfig(path, (theirs) => unmergeKubeconfig(theirs, kubeContext), { signal });
