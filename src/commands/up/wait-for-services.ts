import { restartCoreDns } from '../../cluster/minikube/dns.ts';
import { waitForKubeProxy } from '../../cluster/readiness.ts';
import { isForeignCluster } from '../../gateway/foreign/saved.ts';
import { checkMachine } from './check-machine.ts';
import { upStep } from './context.ts';
import { startCluster } from './start-cluster.ts';

const patienceMs = 20_000;

/**
 * On a Minikube node that has just been started pods reach Services once kube-proxy, a pod too, has written their rules.
 * The provisioner and CoreDNS dial the API server's Service; a dial before that hangs for 30 s. So CoreDNS is restarted.
 * Tested in test/commands/up/install-gateway.test.ts.
 */
export const waitForServices = upStep({
  title: 'Wait for Services',
  needs: { machine: checkMachine, started: startCluster },
  skip: ({ started: { cluster, isNew } }) =>
    (cluster.provider !== 'minikube' && 'kube-proxy is not a pod that taskgate started') ||
    (!isNew && 'the cluster ran before'),
  run: async ({ machine: { instance }, started: { cluster, kube } }, _, { signal }): Promise<undefined> => {
    const isReady = await waitForKubeProxy(kube, { node: cluster.nodeName, timeoutMs: patienceMs, signal });
    if (isReady && !isForeignCluster(instance)) await restartCoreDns(kube);
  },
});
