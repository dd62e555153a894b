import type { Artifacts } from '../artifacts/artifacts.ts';
import type { ClusterProvider } from '../cluster/provider.ts';
import type { ClusterTarget } from '../instance/record.ts';
import type { Instance } from '../keeper/instance.ts';
import type { ProviderName } from '../model/cluster.ts';
import { attachedCluster } from './attached-cluster.ts';
import type { CommandContext } from './context.ts';
import { minikubeCluster } from './minikube-cluster.ts';
import { nativeCluster } from './native-cluster.ts';

export type ProviderInput = {
  readonly instance: Instance;
  /** What this run wants in place of what the record says; the record gets it once the cluster is so. */
  readonly place?: ClusterTarget;
  /** Asked for only when a native cluster is started; to look at it or take it down, none are needed. */
  readonly artifacts?: () => Artifacts;
  /** Told in one line what the provider is doing. */
  readonly report?: (line: string) => void;
};

type MakeProvider = (context: CommandContext, input: ProviderInput) => ClusterProvider;

const makers: Readonly<Record<ProviderName, MakeProvider>> = {
  native: nativeCluster,
  minikube: minikubeCluster,
  attach: attachedCluster,
};

/** The provider that an instance was made with. */
export const providerOf: MakeProvider = (context, input) => makers[input.instance.record().provider](context, input);

/** Where an instance's cluster is, for people. */
export const describePlace = ({ cidr, minikube, attach }: ClusterTarget): string =>
  cidr ? `network ${cidr}` : minikube ? `profile ${minikube.profile}` : `context ${attach?.context}`;
