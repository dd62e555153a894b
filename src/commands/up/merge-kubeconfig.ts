import { readFile } from 'node:fs/promises';
import { isForeignCluster } from '../../gateway/foreign/saved.ts';
import type { Instance } from '../../instance/instance.ts';
import { withMerge } from '../../instance/merges.ts';
import { UserError } from '../../lib/errors.ts';
import { changeKubeconfig } from '../../lib/kube/kubeconfig/change.ts';
import { mergeKubeconfig } from '../../lib/kube/kubeconfig/merge.ts';
import { findWrittenKubeconfig } from '../../lib/kube/kubeconfig/paths.ts';
import { type Trusted, trustedUids } from '../../lib/trust/users.ts';
import type { Cluster } from '../../model/cluster.ts';
import { checkMachine } from './check-machine.ts';
import { upStep } from './context.ts';
import { startCluster } from './start-cluster.ts';

type Tools = { readonly path: string; readonly signal: AbortSignal; readonly trusted: Trusted };

/** The merge is recorded before it is made: then a killed `up` leaves nothing that `down` does not know of. */
const merge = async (instance: Instance, { kubeconfigPath, kubeContext }: Cluster, tools: Tools): Promise<void> => {
  const { path, signal, trusted } = tools;
  const added = await readFile(kubeconfigPath, 'utf8');
  const { merged, mergedBefore } = instance.record();
  await instance.change(withMerge({ merged, mergedBefore }, { path, kubeContext }));
  try {
    await changeKubeconfig(path, (users) => mergeKubeconfig(users, added), { signal, trusted });
  } catch (error) {
    await instance.change({ merged, mergedBefore });
    throw error;
  }
};

/** Only on request is the user's own kubeconfig touched, and its current context never. */
export const mergeContext = upStep({
  title: 'Add the context to your kubeconfig',
  needs: { machine: checkMachine, started: startCluster },
  // entries of a foreign cluster are the user's own: `down` would take them away
  skip: ({ machine: { instance } }, { config }) =>
    (!config.mergeKubeconfig && 'not asked for; --merge-kubeconfig adds the context to yours') ||
    (isForeignCluster(instance) && 'who made the cluster has the context in a kubeconfig already'),
  run: async ({ machine: { instance }, started: { cluster } }, context, { signal, note, warn }): Promise<undefined> => {
    const path = await findWrittenKubeconfig(context.env);
    try {
      await merge(instance, cluster, { path, signal, trusted: trustedUids(context.env) });
      note(`${path}, context ${cluster.kubeContext}`);
    } catch (error) {
      // "Check this machine" found it writable; a cluster that is well is not given up for an extra
      if (!(error instanceof UserError) || signal.aborted) throw error;
      note('not added');
      warn(`the context was not added: ${error.message}; to fix: ${error.hint}`);
    }
  },
});
