import type { ProcessIdentity } from '../lib/process/processes.ts';
import type { Cluster, Egress, ProviderName, PublishedPorts } from '../model/cluster.ts';
import type { GatewayEndpoint, GatewayName, PortRange } from '../model/gateway-endpoint.ts';
import type { MasterEndpoint } from '../model/master-endpoint.ts';
import type { NetworkPolicy } from '../model/security/network-policy.ts';
import type { PodSecurityLevel } from '../model/security/pod-security.ts';

/** Of `instance.json`. A change of any type in this file changes the format on disk, and needs another number. */
export const schemaVersion = 1;

/** Resources of a native cluster outside its instance's folder; `keeper` is its supervisor. */
export type NativeResource =
  | { readonly kind: 'cgroups'; readonly paths: readonly string[] }
  | { readonly kind: 'keeper'; readonly process: ProcessIdentity }
  | { readonly kind: 'link'; readonly name: string };

export type MinikubeResource = {
  readonly kind: 'minikube-profile';
  readonly profile: string;
  readonly driver: string;
  /** Created by taskgate, and deleted with the instance; an existing one is kept. */
  readonly owned: boolean;
  /** Docker's id of the node's container, of an owned profile: another user's may have the same name. */
  readonly containerId?: string;
};

export type TunnelResource = { readonly kind: 'tunnels'; readonly process: ProcessIdentity };

/** The supervisor of the master that the instance runs, and of its database. */
export type MasterResource = { readonly kind: 'master'; readonly process: ProcessIdentity };

/** A resource that `down` must remove; written before it is created. */
export type Resource = NativeResource | MinikubeResource | TunnelResource | MasterResource;

export type MinikubeTarget = {
  readonly profile: string;
  /** The user named the profile: then an existing one may be used, and recreated with `recreate`. */
  readonly profileGiven: boolean;
  /** What Minikube runs on: docker, kvm2, ... */
  readonly driver: string;
  readonly cpus: number;
  readonly memoryMb: number;
  readonly serviceCidr?: string;
  readonly baseImage?: string;
  /** Ports that this host gets when the node is made; `given`: the settings name them, so a profile without is refused. */
  readonly published?: PublishedPorts & { readonly given: boolean };
  /** Appended to `minikube start`. */
  readonly startArgs: readonly string[];
  /** Name or path of the program, when it is not the one on PATH. */
  readonly program?: string;
};

export type AttachTarget = {
  readonly context: string;
  /** The context's name repeated: the user allows changes to the cluster. */
  readonly allowContext: string | undefined;
  /** The user's kubeconfig files, in the order in which kubectl reads them; see kubeconfigPaths. Never written. */
  readonly kubeconfigPaths: readonly string[];
};

/** The cluster of an instance: exactly one of them, or none for an instance that has only a tunnel. */
export type ClusterTarget = {
  /** The /16 of a native instance. */
  readonly cidr?: string;
  readonly minikube?: MinikubeTarget;
  readonly attach?: AttachTarget;
};

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

/** What a master's configuration is written from. */
export type MasterSettings = {
  /** Where the master listens on its own host. */
  readonly port: number;
  readonly clusterName: string;
  readonly resourcePool: string;
  readonly taskNamespace: string;
  readonly taskImage: string;
  readonly maxSlotsPerPod: number;
  /** Whether it has a certificate of the instance. */
  readonly tls?: boolean;
  /** As the settings name them: the folder that it reads, and the version that its wheel is of. */
  readonly root?: string | undefined;
  readonly version?: string | undefined;
};

/** What a native node's pods and processes may do. */
export type NativeSettings = {
  /** What pods reach outside of the node. */
  readonly egress: Egress;
  readonly memoryMb?: number | undefined;
  readonly pidsLimit: number;
};

/** Values of settings by their paths, such as `gateway.portRange.start`; those that the schema of today knows. */
export type GivenSettings = Readonly<Record<string, unknown>>;

/** Of the last `up` that came to its end. */
export type InstanceSettings = {
  readonly native?: NativeSettings;
  readonly podSecurity?: PodSecurityLevel;
  readonly gateway: GatewaySettings;
  readonly master?: MasterSettings;
  /** Those of a tunnel and of policies; `given` has what was asked for. */
  readonly ssh?: object;
  readonly ngrok?: object;
  readonly tunnel?: object;
  readonly network?: object;
};

/** A kubeconfig of the user (absolute path) and the name of the context, cluster and user that were added to it. */
export type Merge = { readonly path: string; readonly kubeContext: string };

/** `instance.json`. */
export type InstanceRecord = ClusterTarget & {
  readonly schema: typeof schemaVersion;
  readonly name: string;
  /** Random, made once: what the instance creates in a cluster has it as a label. Absent until the next `up` of an older one. */
  readonly instanceId?: string;
  /** The instance is older than its id: objects with its name and no id are its own, too. */
  readonly ownsUnmarked?: boolean;
  readonly createdAt: string;
  readonly provider: ProviderName;
  readonly journal: readonly Resource[];
  readonly cluster?: Cluster;
  /** The user's kubeconfig that got the cluster's context last; written before that. */
  readonly merged?: Merge | undefined;
  /** Other kubeconfigs that got it before. */
  readonly mergedBefore?: readonly Merge[] | undefined;
  /** As the master and this host reach it. */
  readonly gateway?: GatewayEndpoint;
  /** The address in the Gateway's status; that of a forward differs. */
  readonly publishedAddress?: string;
  readonly master?: MasterEndpoint;
  /** Uid of the namespace kube-system: identifies a cluster, whatever kubeconfig leads to it. */
  readonly clusterId?: string;
  /** Absolute path: the master's `root` in the files that the last `up` wrote. */
  readonly masterRoot?: string;
  readonly settings?: InstanceSettings;
  /**
   * What flags, variables and files have set for this instance so far; every `up` and `tunnel up` starts from it. Written
   * before the first change. Absent from records of versions that kept nothing.
   */
  readonly given?: GivenSettings;
  /** The NetworkPolicy for tasks as it was last written, where there is one; recorded before it is written. */
  readonly networkPolicy?: NetworkPolicy | undefined;
  /** The last `up` that changed something has not come to its end: when it began and, where it could tell, its last step. */
  readonly unfinished?: { readonly since: string; readonly step?: string } | undefined;
  /** The last proof that `up` made: of which run of the cluster, and with what settings. */
  readonly proven?: { readonly at: string; readonly run: string; readonly settings: string };
  /** The last proof by a task of the instance's own master, if it held: of which run of that master. */
  readonly masterProven?: { readonly at: string; readonly run: string } | undefined;
};
