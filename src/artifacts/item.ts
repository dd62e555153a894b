import type { Runner } from '../lib/process/runner.ts';
import type { Arch } from '../model/pins.ts';
import type { Digests } from './store/digests.ts';
import type { Network } from './store/network.ts';
import type { ReportState } from './store/progress.ts';
import type { Slots } from './store/slots.ts';

export type SourceName =
  | 'bundle'
  | 'mirror'
  | 'release'
  | 'go'
  | 'wheel'
  | 'debian'
  | 'host'
  | 'registry'
  | 'assembled';

/** One way to come by an item. `make` puts the item's files into `dir` or throws a UserError that says why it cannot. */
export type ArtifactSource = { readonly name: SourceName; readonly make: (dir: string, work: Work) => Promise<void> };

/** Something that is fetched as a whole: a folder of files in the cache, whose key says all that they depend on. */
export type Item = {
  readonly name: string;
  readonly version: string;
  readonly key: string;
  /** In the order in which they are tried. */
  readonly sources: readonly ArtifactSource[];
};

/** An item in the cache. */
export type StoredItem = { readonly key: string; readonly dir: string; readonly source: string };

/** What sources work with. */
export type Work = {
  readonly cacheDir: string;
  readonly templatesDir: string;
  readonly arch: Arch;
  readonly cores?: number;
  readonly runner: Runner;
  readonly signal: AbortSignal;
  readonly report: ReportState;
  readonly network: Network;
  readonly digests: Digests;
  /** One build at a time: the go command uses every core itself. */
  readonly buildSlots: Slots;
  /** For an item that is made of others. */
  readonly ensure: (item: Item) => Promise<StoredItem>;
};
