import type { MinikubeSpec } from './spec.ts';

/** Arguments of one call of minikube. */
export type Args = readonly string[];

/** Root needs --force; the daemon was probed before, because --force hides the real reason of a failure. */
const needsForce = (driver: string, uid: number): boolean => uid === 0 && driver !== 'none';

/** What a cluster is made of. `--cni=bridge` needs no image; the API server's extras are as a native cluster has them. */
const makingArgs = (spec: MinikubeSpec): Args => [
  '--container-runtime=containerd',
  `--kubernetes-version=${spec.kubernetesVersion}`,
  `--cpus=${spec.cpus}`,
  `--memory=${spec.memoryMb}mb`,
  '--cni=bridge',
  '--extra-config=apiserver.feature-gates=MutatingAdmissionPolicy=true',
  '--extra-config=apiserver.runtime-config=admissionregistration.k8s.io/v1beta1=true',
  ...(spec.serviceCidr ? [`--service-cluster-ip-range=${spec.serviceCidr}`] : []),
];

export type StartOptions = {
  readonly uid: number;
  /** A profile that is not ours is started as it is: these arguments would change it. */
  readonly isOwned: boolean;
};

/** `--wait=apiserver`: the node and its pods are waited for later, beside other work. */
export const startArgs = (spec: MinikubeSpec, { uid, isOwned }: StartOptions): Args => [
  'start',
  `--profile=${spec.profile}`,
  `--driver=${spec.driver}`,
  ...(isOwned ? makingArgs(spec) : []),
  '--wait=apiserver',
  '--keep-context',
  '--embed-certs',
  '--interactive=false',
  '--output=json',
  ...(spec.baseImage ? [`--base-image=${spec.baseImage}`] : []),
  ...(needsForce(spec.driver, uid) ? ['--force'] : []),
  ...spec.startArgs,
];

export const statusArgs = (profile: string): Args => ['status', `--profile=${profile}`, '--output=json'];
/** `--light`: every profile's live state would be asked for otherwise. */
export const listArgs: Args = ['profile', 'list', '--light', '--output=json'];
export const stopArgs = (profile: string): Args => ['stop', `--profile=${profile}`, '--output=json'];
/** Somebody may have paused more than the system's own pods. */
export const unpauseArgs = (profile: string): Args => [
  'unpause',
  `--profile=${profile}`,
  '--all-namespaces',
  '--output=json',
];
export const deleteArgs = (profile: string): Args => ['delete', `--profile=${profile}`, '--output=json'];
export const updateContextArgs = (profile: string): Args => ['update-context', `--profile=${profile}`];
export const listImagesArgs = (profile: string): Args => ['image', 'ls', `--profile=${profile}`, '--format=json'];
export const loadImagesArgs = (profile: string, archive: string): Args => [
  'image',
  'load',
  `--profile=${profile}`,
  archive,
];
/**
 * The host's address as the node has it; Minikube tells pods the same through CoreDNS. Of version 4 only: the node's
 * /etc/hosts has no other, and asking DNS for one takes 10 s where none answers.
 */
export const hostAddressArgs = (profile: string): Args => [
  'ssh',
  `--profile=${profile}`,
  '--',
  'getent',
  'ahostsv4',
  'host.minikube.internal',
];
