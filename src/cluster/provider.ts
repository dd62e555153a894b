import type { Report } from '../lib/progress.ts';
import type { Cluster } from '../model/cluster.ts';
import type { MasterEndpoint } from '../model/master-endpoint.ts';
import type { ImageStore } from './images/store.ts';

/** `stopped`: it has data, but no processes. */
export type ClusterState = 'absent' | 'stopped' | 'running';

/** Something that keeps a provider from working, and what to do about it. */
export type Obstacle = { readonly what: string; readonly hint: string };

/** What prevents a cluster, and notes for the user that do not. */
export type Findings = { readonly obstacles: readonly Obstacle[]; readonly notes: readonly string[] };

/** The provider's part of the instance's journal. */
export type ProviderJournal<Resource> = {
  readonly resources: () => readonly Resource[];
  /** Writes a resource to the journal; awaited before it is made. */
  readonly journal: (resource: Resource) => Promise<void>;
  /** Removes a resource from the journal, after it was removed itself. */
  readonly forget: (resource: Resource) => Promise<void>;
};

/** Deadline of a provider's operation, the signal that aborts it, and the receiver of its progress. */
export type StepLimits = { readonly signal: AbortSignal; readonly timeoutMs: number; readonly report?: Report };

/** Creates, finds and deletes a cluster. */
export type ClusterProvider = {
  readonly find: () => Promise<ClusterState>;
  /** Throws what `start` would refuse to do before it changed anything. */
  readonly verify?: () => Promise<void>;
  /** Starts the cluster; safe to repeat. Resolves when its API server answers, before pods can run. */
  readonly start: (limits: StepLimits) => Promise<Cluster>;
  /** Loads the images of an OCI archive into the node; resolves when all `refs` are listed there. */
  readonly loadImages: (archive: string, refs: readonly string[], limits: StepLimits) => Promise<void>;
  /** For images of the user's own; none in a cluster that taskgate did not make. */
  readonly images?: ImageStore;
  /** Resolves when all processes of the node are ready; rejects as soon as one of them ends again and again. */
  readonly awaitProcesses?: (limits: StepLimits) => Promise<void>;
  /** Lets pods reach the master at this address and no longer at another, where the cluster's network is closed. */
  readonly admitMaster?: (master: MasterEndpoint) => Promise<void>;
  /** Ends its processes and keeps its data. */
  readonly stop: () => Promise<void>;
  /** Ends its processes and removes everything outside the instance's folder. */
  readonly delete: (options?: DeleteOptions) => Promise<void>;
};

/** `keepsBlock`: this host goes on to refuse what is sent to the cluster's network, where the provider has it do so. */
export type DeleteOptions = { readonly keepsBlock?: boolean };
