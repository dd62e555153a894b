import type { Artifacts, GatewayArtifacts } from '../artifacts/artifacts.ts';
import type { ClusterProvider } from '../cluster/provider.ts';
import type { Config } from '../config/config.ts';
import { imageRef } from '../config/versions.ts';
import type { WantedTunnels } from '../daemon/wanted.ts';
import type { GatewaySpec } from '../gateway/spec.ts';
import type { Instance } from '../instance/instance.ts';
import type { ClusterTarget } from '../instance/record.ts';
import type { Kube } from '../lib/kube/client.ts';
import type { Report } from '../lib/progress.ts';
import type { Cluster } from '../model/cluster.ts';
import type { GatewayEndpoint } from '../model/gateway-endpoint.ts';
import type { MasterEndpoint } from '../model/master-endpoint.ts';
import type { Proven } from '../proof/prove.ts';
import type { SampleTask } from '../proof/sample-task/task.ts';
import type { CommandContext } from '../providers/context.ts';

/** What `up` knows: given, then filled in by its steps. */
export type UpContext = CommandContext & {
  readonly startedAt: Date;
  /** Set by the step that wants to show what the provider does. */
  onProgress?: Report;
  instance?: Instance;
  provider?: ClusterProvider;
  /** Where the cluster of an instance that was there is to be by the settings of this run. */
  place?: ClusterTarget;
  /** Programs of a native node. */
  artifacts?: Artifacts;
  /** Contour's manifest. */
  manifest?: GatewayArtifacts['contourManifest'];
  /** For a node that is not to pull them itself. */
  images?: GatewayArtifacts['images'];
  /** Whether this run is the one that starts the cluster. */
  startsCluster?: boolean;
  cluster?: Cluster;
  kube?: Kube;
  /** In a cluster of somebody else's: for the gateway's objects, leaving alone what is not ours. */
  gatewayKube?: Kube;
  sampleTask?: SampleTask;
  gateway?: GatewayEndpoint;
  master?: MasterEndpoint;
  /** The tunnel to the master, where there is one. */
  wantedTunnel?: WantedTunnels['tunnel'];
  proof?: Proven;
  /** Time of the last proof, when nothing has changed since. */
  provenAt?: string;
  /** Things that the user should know but that stop nothing. */
  readonly notes: string[];
};

/** A value that an earlier step has made. Throws when the steps are in the wrong order. */
export const need = <K extends keyof UpContext>(context: UpContext, key: K): NonNullable<UpContext[K]> => {
  const value = context[key];
  if (value === undefined || value === null) throw new Error(`no step has made '${key}' yet`);
  return value;
};

export const stageTimeoutMs = ({ config }: CommandContext): number => config.timeouts.stageSeconds * 1_000;

export const gatewaySpecOf = ({ name, gateway }: Config): GatewaySpec => ({ instance: name, ...gateway });

/** Image of the sample task. */
export const sampleImage = imageRef('agnhost');
