import type { Runner } from '../lib/process/runner.ts';
import type { Arch } from '../model/pins.ts';
import type { Digests } from './store/digests.ts';
import type { Network } from './store/network.ts';
import type { ReportState } from './store/progress.ts';
import type { Queue } from './store/queue.ts';
import type { Proof, Trust } from './store/trust.ts';

export type SourceName =
  | 'bundle'
  | 'mirror'
  | 'release'
  | 'go'
  | 'wheel'
  | 'npm'
  | 'debian'
  | 'host'
  | 'registry'
  | 'assembled';

/** One way to get an item. `make` writes the item's files into `dir`, or throws a UserError with the reason it cannot. */
export type ArtifactSource = { readonly name: SourceName; readonly make: (dir: string, work: Work) => Promise<void> };

/** A folder of files that is fetched as a whole and cached under a key of everything that it depends on. */
export type Item = {
  readonly name: string;
  readonly version: string;
  readonly key: string;
  /** The publisher's URL of each file that is downloaded as it is, for files that a pin proves. */
  readonly publishedAt?: Readonly<Record<string, string>>;
  /** Tried in this order. */
  readonly sources: readonly ArtifactSource[];
};

/** An item in the cache. */
export type StoredItem = { readonly key: string; readonly dir: string; readonly source: string };

/** What a source gets to make an item. */
export type Work = {
  readonly cacheDir: string;
  readonly templatesDir: string;
  readonly arch: Arch;
  readonly runner: Runner;
  readonly signal: AbortSignal;
  readonly report: ReportState;
  readonly network: Network;
  readonly digests: Digests;
  /** The pins, and what else counts as a proof. */
  readonly trust: Trust;
  /** Records, with the item, what proved a part of it. */
  readonly prove: (proof: Proof) => void;
  /** One build at a time: the go command uses all cores. */
  readonly buildQueue: Queue;
  /** Gets an item that this one is assembled from. */
  readonly ensure: (item: Item) => Promise<StoredItem>;
};
