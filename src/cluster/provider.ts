import type { Report } from '../lib/progress.ts';
import type { Cluster } from '../model/cluster.ts';

/** `stopped`: its data is there, its processes are not. */
export type ClusterState = 'absent' | 'stopped' | 'running';

/** Something that keeps a provider from working, and the way out. */
export type Obstacle = { readonly what: string; readonly hint: string };

/** How long a provider may take, what ends it early, and what hears how far it is. */
export type StepLimits = { readonly signal: AbortSignal; readonly timeoutMs: number; readonly report?: Report };

/** What makes, finds and ends clusters. */
export type ClusterProvider = {
  readonly find: () => Promise<ClusterState>;
  /** Makes the cluster run; safe to repeat. Resolves when its API server answers, before pods can run. */
  readonly start: (limits: StepLimits) => Promise<Cluster>;
  /** Makes the images of an OCI archive known to the node; resolves when all `refs` are listed there. */
  readonly loadImages: (archive: string, refs: readonly string[], limits: StepLimits) => Promise<void>;
  /** Ends its processes, keeps its data. */
  readonly stop: () => Promise<void>;
  /** Ends its processes and removes what it made outside the instance's folder. */
  readonly delete: () => Promise<void>;
};
