/** Why a container waits whose image its node cannot get: reasons of kubelet's that do not pass within seconds. */
export const pullFailures: readonly string[] = ['ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName'];

type Labelled = {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: { readonly providerID?: string };
};

/** `kind://docker/CLUSTER/NODE` (kind, pkg/cluster/internal/kubeadm/config.go). */
const kindCluster = /^kind:\/\/[^/]+\/([^/]+)\//;

/** How an image gets into the nodes of this cluster, by what its nodes say of themselves. */
export const describeImageRemedy = (nodes: readonly Labelled[], image: string): string => {
  const [node] = nodes;
  const providerID = node?.spec?.providerID ?? '';
  const kind = kindCluster.exec(providerID)?.[1];
  if (kind) return `load it: kind load docker-image ${image} --name ${kind}`;
  const profile = node?.metadata.labels?.['minikube.k8s.io/name'];
  if (profile) return `load it: minikube image load ${image} --profile ${profile}`;
  if (providerID.startsWith('k3s://'))
    return `load it into each node: k3s ctr images import FILE, or k3d image import ${image}`;
  return `give the nodes access to the registry of ${image}, or load the image into each of them`;
};
