import type { ProcessIdentity } from '../lib/process/processes.ts';
import type { Cluster, ProviderName } from '../model/cluster.ts';
import type { GatewayEndpoint, GatewayName, PortRange } from '../model/gateway-endpoint.ts';
import type { MasterEndpoint } from '../model/master-endpoint.ts';

/** Of `instance.json`. A change of any type in this file is a change of what is on disk, and needs another number. */
export const schemaVersion = 1;

/** What a native cluster makes outside its instance's folder. */
export type NativeResource =
  | { readonly kind: 'cgroups'; readonly paths: readonly string[] }
  | { readonly kind: 'keeper'; readonly process: ProcessIdentity }
  | { readonly kind: 'link'; readonly name: string };

/** What a Minikube cluster is outside its instance's folder. */
export type MinikubeResource = {
  readonly kind: 'minikube-profile';
  readonly profile: string;
  readonly driver: string;
  /** Made by taskgate, and deleted with the instance; one that was there before stays. */
  readonly owned: boolean;
};

/** The background process of an instance's tunnels and forwards. */
export type TunnelResource = { readonly kind: 'tunnels'; readonly process: ProcessIdentity };

/** What exists of an instance and must be undone; written before it is made. */
export type Resource = NativeResource | MinikubeResource | TunnelResource;

/** The Minikube cluster of an instance. */
export type MinikubeTarget = {
  readonly profile: string;
  /** The user named the profile: then one that is there may be used, and recreated with `recreate`. */
  readonly profileGiven: boolean;
  /** What Minikube runs on: docker, kvm2, ... */
  readonly driver: string;
  readonly cpus: number;
  readonly memoryMb: number;
  readonly serviceCidr?: string;
  readonly baseImage?: string;
  /** Added to `minikube start` as they are, after taskgate's own. */
  readonly startArgs: readonly string[];
  /** Name or path of the program, when it is not the one on PATH. */
  readonly program?: string;
};

/** The cluster that an instance is attached to. */
export type AttachTarget = {
  readonly context: string;
  /** The context again: the user says by it that the cluster may be changed. */
  readonly allowContext: string | undefined;
  /** The user's kubeconfig files, in the order in which kubectl reads them; see kubeconfigPaths. Never written. */
  readonly kubeconfigPaths: readonly string[];
};

/** Where an instance's cluster is: exactly one of them, or none for an instance that has only a tunnel. */
export type ClusterTarget = {
  /** The /16 that a native instance holds. */
  readonly cidr?: string;
  readonly minikube?: MinikubeTarget;
  readonly attach?: AttachTarget;
};

/** What the user decides about a gateway. */
export type GatewaySettings = GatewayName & {
  readonly className: string;
  /** `maxItems` of the Gateway's listeners, in spec and status. */
  readonly listenerLimit: number;
  /** Ports that the master may hand out. */
  readonly portRange: PortRange;
  /** Port of the one listener that a Gateway must have; outside the range. */
  readonly seedPort: number;
  /** Contour pods; 1 when absent. */
  readonly contourReplicas?: number;
};

/** What is needed to write a master's configuration again later. */
export type MasterSettings = {
  /** Where the master listens on its own host. */
  readonly port: number;
  readonly clusterName: string;
  readonly resourcePool: string;
  readonly taskNamespace: string;
  readonly taskImage: string;
  readonly maxSlotsPerPod: number;
};

/** What the last `up` made the instance with. */
export type InstanceSettings = {
  readonly gateway: GatewaySettings;
  readonly master?: MasterSettings;
  /** Those of a tunnel, for the `up` that makes it so again. */
  readonly ssh?: object;
  readonly ngrok?: object;
  readonly tunnel?: object;
};

/** `instance.json`. */
export type InstanceRecord = ClusterTarget & {
  readonly schema: typeof schemaVersion;
  readonly name: string;
  readonly createdAt: string;
  readonly provider: ProviderName;
  readonly journal: readonly Resource[];
  readonly cluster?: Cluster;
  /** The user's kubeconfig that got the cluster's context; written before that. */
  readonly merged?: { readonly path: string; readonly kubeContext: string };
  /** As the master and this host reach it. */
  readonly gateway?: GatewayEndpoint;
  /** What the Gateway's status says; a forward's address is another one. */
  readonly publishedAddress?: string;
  readonly master?: MasterEndpoint;
  /** Uid of the namespace kube-system: tells clusters apart that have several kubeconfigs. */
  readonly clusterId?: string;
  readonly settings?: InstanceSettings;
  /** The last proof that `up` made: of which run of the cluster, and with what settings. */
  readonly proven?: { readonly at: string; readonly run: string; readonly settings: string };
};
