import type { Node } from '../../lib/kube/shapes.ts';

/** What is to be loaded: an archive's path, or an image's name. */
export type Loadable = { readonly what: string; readonly isFile: boolean };

/** `kind://docker/CLUSTER/NODE` (kind, pkg/cluster/internal/kubeadm/config.go). */
const kindCluster = /^kind:\/\/[^/]+\/([^/]+)\//;
/** `k3d-CLUSTER-server-0` (k3d, pkg/client/node.go). */
const k3dCluster = /^k3d-(.+)-(?:server|agent)-\d+$/;

/** The command of the cluster's own tool that loads this into its nodes, by what the nodes say of themselves. */
export const imageCommand = (nodes: readonly Node[], { what, isFile }: Loadable): string => {
  const [node] = nodes;
  const providerID = node?.spec?.providerID ?? '';
  const kind = kindCluster.exec(providerID)?.[1];
  if (kind) return `kind load ${isFile ? 'image-archive' : 'docker-image'} ${what} --name ${kind}`;
  const profile = node?.metadata.labels?.['minikube.k8s.io/name'];
  if (profile) return `minikube image load ${what} --profile ${profile}`;
  const k3d = k3dCluster.exec(node?.metadata.name ?? '')?.[1];
  if (k3d) return `k3d image import ${what} --cluster ${k3d}`;
  const file = isFile ? what : 'FILE';
  const saved = isFile ? '' : `docker save ${what} -o FILE; then `;
  if (providerID.startsWith('k3s://')) return `${saved}on each node: k3s ctr images import ${file}`;
  return `${saved}on each node: ctr --namespace k8s.io images import ${file}`;
};
