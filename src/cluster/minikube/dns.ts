import type { Kube } from '../../lib/kube/client.ts';
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

type Pod = KubeObject & {
  readonly status?: {
    readonly containerStatuses?: readonly { readonly ready: boolean; readonly state?: { readonly running?: object } }[];
  };
};

const namespace = 'kube-system';
const coreDns = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'coredns', namespace } };
const probePath = '/spec/template/spec/containers/0/readinessProbe';

/** kubeadm has kubelet look every 10 s, so CoreDNS counts as not ready for up to 10 s after it is. */
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

/** Whether it runs without being ready. */
const runsUnready = ({ status }: Pod): boolean =>
  status?.containerStatuses?.some(({ ready, state }) => !ready && state?.running !== undefined) ?? false;

/**
 * Has CoreDNS of a cluster of ours start once kube-proxy has written its rules, which is when this is to be called: one
 * that came up before dialed the API server's Service into nowhere, which client-go gives up after 30 s only, and without
 * DNS no Envoy finds its Contour. Probes it each second, too, from the first time on. The old pods go at once: nobody uses
 * them yet, and in their last 30 s they would still change objects.
 */
export const restartCoreDns = async (kube: Kube): Promise<void> => {
  const pods = await kube.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, labelSelector: 'k8s-app=kube-dns' });
  const old = (await shortenProbePeriod(kube)) ? pods : pods.filter(runsUnready);
  await Promise.all(old.map((pod) => kube.remove(pod, { gracePeriodSeconds: 0 })));
};
