import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isForeignCluster } from '../../gateway/foreign/saved.ts';
import { changeKubeconfig } from '../../lib/kube/kubeconfig/change.ts';
import { mergeKubeconfig } from '../../lib/kube/kubeconfig/merge.ts';
import { kubeconfigPaths } from '../../lib/kube/kubeconfig/paths.ts';
import { verifyRegular } from '../../lib/trust/named-file.ts';
import { trustedUids } from '../../lib/trust/users.ts';
import { checkMachine } from './check-machine.ts';
import { type UpContext, upStep } from './context.ts';
import { startCluster } from './start-cluster.ts';

/** The file that kubectl itself would write to. */
const userKubeconfig = ({ env: { KUBECONFIG, HOME } }: UpContext): string => {
  const [path] = kubeconfigPaths(KUBECONFIG, HOME || homedir());
  if (path === undefined) throw new Error('there is always a usual path');
  return path;
};

/** Only on request is the user's own kubeconfig touched, and its current context never. */
export const mergeContext = upStep({
  title: 'Add the context to your kubeconfig',
  needs: { machine: checkMachine, started: startCluster },
  // entries of a foreign cluster are the user's own: `down` would take them away
  skip: ({ machine: { instance } }, { config }) =>
    (!config.mergeKubeconfig && 'not asked for; --merge-kubeconfig adds the context to yours') ||
    (isForeignCluster(instance) && 'who made the cluster has the context in a kubeconfig already'),
  run: async ({ machine: { instance }, started: { cluster } }, context, { signal, note }): Promise<undefined> => {
    const { kubeconfigPath, kubeContext } = cluster;
    const path = userKubeconfig(context);
    const trusted = trustedUids(context.env);
    // before it is noted: `down` would find no file to change either
    await verifyRegular(path, trusted);
    const added = await readFile(kubeconfigPath, 'utf8');
    await instance.change({ merged: { path, kubeContext } });
    await changeKubeconfig(path, (users) => mergeKubeconfig(users, added), { signal, trusted });
    note(`${path}, context ${kubeContext}`);
  },
});
