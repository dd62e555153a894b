import type { Kube } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/types.ts';

type EndpointSlice = KubeObject & {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[] | null;
};

/** By this name and namespace Kubernetes' own add-on and kubeadm, kind, Minikube, k3s and the large clouds serve it. */
const dns = { namespace: 'kube-system', name: 'kube-dns' } as const;

/**
 * Says so if the cluster's DNS answers nobody: Envoy then finds no Contour, and gets neither listeners nor readiness.
 * Undefined if it is well, has another name, or cannot be read.
 */
export const findDnsTrouble = async (kube: Kube): Promise<string | undefined> => {
  const selection = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace: dns.namespace };
  const labelSelector = `kubernetes.io/service-name=${dns.name}`;
  const [service, slices] = await Promise.all([
    kube.find({ apiVersion: 'v1', kind: 'Service', metadata: dns }),
    kube.list<EndpointSlice>({ ...selection, labelSelector }),
  ]);
  const isServed = slices.some(({ endpoints }) => endpoints?.some(({ conditions }) => conditions?.ready !== false));
  if (!service || isServed) return undefined;
  return `the cluster's DNS has no ready endpoint (Service ${dns.namespace}/${dns.name}), so that Envoy cannot find Contour`;
};
