import { portsArg } from './docker/published.ts';
import { defaultCni } from './nodes.ts';
import type { MinikubeSpec } from './spec.ts';

/** Arguments of one call of minikube. */
export type Args = readonly string[];

/** Root needs --force. As --force hides the real reason of a failure, Docker is checked before. */
const needsForce = (driver: string, uid: number): boolean => uid === 0 && driver !== 'none';

/** Arguments of a new cluster. The API server has the options of a native cluster's. */
const createArgs = (spec: MinikubeSpec): Args => [
  '--container-runtime=containerd',
  `--kubernetes-version=${spec.kubernetesVersion}`,
  `--cpus=${spec.cpus}`,
  `--memory=${spec.memoryMb}mb`,
  `--cni=${defaultCni(spec.startArgs)}`,
  '--extra-config=apiserver.feature-gates=MutatingAdmissionPolicy=true',
  '--extra-config=apiserver.runtime-config=admissionregistration.k8s.io/v1beta1=true',
  ...(spec.published ? [portsArg(spec.published)] : []),
  ...(spec.serviceCidr ? [`--service-cluster-ip-range=${spec.serviceCidr}`] : []),
];

export type StartOptions = {
  readonly uid: number;
  /** A profile that taskgate did not create is started without the arguments that would change it. */
  readonly isOwned: boolean;
};

/** `--wait=apiserver`: taskgate waits for the node and its pods later, in parallel with other work. */
export const startArgs = (spec: MinikubeSpec, { uid, isOwned }: StartOptions): Args => [
  'start',
  `--profile=${spec.profile}`,
  `--driver=${spec.driver}`,
  ...(isOwned ? createArgs(spec) : []),
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
/** Without `--light`, minikube would query the live state of every profile. */
export const listArgs: Args = ['profile', 'list', '--light', '--output=json'];
export const stopArgs = (profile: string): Args => ['stop', `--profile=${profile}`, '--output=json'];
/** More than the system's own pods may be paused. */
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
 * The host's address in the node's /etc/hosts; CoreDNS returns the same one to pods. Only IPv4: /etc/hosts has no IPv6
 * address, and a DNS query for one takes 10 s if no server answers.
 */
export const hostAddressArgs = (profile: string): Args => [
  ...['ssh', `--profile=${profile}`, '--'],
  ...['getent', 'ahostsv4', 'host.minikube.internal'],
];
