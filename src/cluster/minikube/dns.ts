import type { Kube, KubeObject } from '../../lib/kube.ts';

type Pod = KubeObject & {
  readonly status?: {
    readonly containerStatuses?: readonly { readonly ready: boolean; readonly state?: { readonly running?: object } }[];
  };
};

/** Whether it runs without being ready. */
const waits = ({ status }: Pod): boolean =>
  status?.containerStatuses?.some(({ ready, state }) => !ready && state?.running !== undefined) ?? false;

/**
 * Starts those CoreDNS pods anew that came up before kube-proxy had written its rules: they dialed the API server's Service
 * into nowhere, which client-go gives up after 30 s only, and without DNS no Envoy finds its Contour. Called once kube-proxy
 * is ready. Gives the number of pods.
 */
export const restartWaitingDns = async (kube: Kube): Promise<number> => {
  const dns = { apiVersion: 'v1', kind: 'Pod', namespace: 'kube-system', labelSelector: 'k8s-app=kube-dns' };
  const waiting = (await kube.list<Pod>(dns)).filter(waits);
  await Promise.all(waiting.map((pod) => kube.remove(pod, { gracePeriodSeconds: 0 })));
  return waiting.length;
};
