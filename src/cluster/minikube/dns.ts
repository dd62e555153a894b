import type { Kube } from '../../lib/kube/client.ts';
import type { Pod } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';

type Deployment = KubeObject & {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly { readonly readinessProbe?: { readonly periodSeconds?: number } }[];
      };
    };
  };
};

const namespace = 'kube-system';
const coreDns = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'coredns', namespace } };
const probePath = '/spec/template/spec/containers/0/readinessProbe';

/** kubeadm's probe period is 10 s, so CoreDNS may be ready 10 s before it is reported ready. */
const shortenProbePeriod = async (kube: Kube): Promise<boolean> => {
  const deployment = await kube.find<Deployment>(coreDns);
  const probe = deployment?.spec.template.spec.containers[0]?.readinessProbe;
  if (!probe || probe.periodSeconds === 1) return false;
  const quick = [
    { op: 'add', path: `${probePath}/periodSeconds`, value: 1 },
    { op: 'add', path: `${probePath}/failureThreshold`, value: 10 },
  ];
  await kube.patch(coreDns, quick, { type: 'json' });
  return true;
};

/** Whether it runs but is not ready. */
const runsUnready = ({ status }: Pod): boolean =>
  status?.containerStatuses?.some(({ ready, state }) => !ready && state?.running !== undefined) ?? false;

/**
 * Restarts CoreDNS of a cluster that taskgate created, once kube-proxy has written its rules. A pod that started before
 * dialed the API server's Service without a route, client-go times out only after 30 s, and without DNS Envoy does not
 * find Contour. Also sets a probe period of 1 s. The old pods are deleted without a grace period: nothing uses them yet, and
 * for 30 s they would still change objects.
 */
export const restartCoreDns = async (kube: Kube): Promise<void> => {
  const pods = await kube.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, labelSelector: 'k8s-app=kube-dns' });
  const old = (await shortenProbePeriod(kube)) ? pods : pods.filter(runsUnready);
  await Promise.all(old.map((pod) => kube.remove(pod, { gracePeriodSeconds: 0 })));
};
