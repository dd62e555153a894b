import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { confineTree, UnconfinedError } from '../../lib/archive/confined.ts';
import { messageOf, UserError } from '../../lib/errors.ts';
import type { Mirror } from '../../lib/http/mirror.ts';
import { withLock } from '../../lib/process/lock.ts';
import type { Item, StoredItem, Work } from '../item.ts';
import { removeBuildCaches } from './build-caches.ts';
import { findStored, scratchDir, storeItem } from './cache.ts';
import { loadDigests } from './digests.ts';
import { cacheFailure, isAdvisable, isFinal } from './failure.ts';
import { makeNetwork, type NetworkOptions } from './network.ts';
import { type OnProgress, startReporting } from './progress.ts';
import { makeQueue } from './queue.ts';
import { noPins, type Proof, type Trust } from './trust.ts';

/** What the work on all items shares. */
type Shared = Omit<Work, 'report' | 'ensure' | 'prove'> & {
  readonly report: OnProgress;
  /** The sources of the items that were made, not found. */
  readonly usedSources: Set<string>;
};

export type FillOptions = Omit<Shared, 'network' | 'digests' | 'buildQueue' | 'trust' | 'usedSources'> & {
  readonly network?: Omit<NetworkOptions, 'mirror'>;
  /** Requests to it get its credentials. */
  readonly mirror?: Mirror;
  readonly trust?: Trust;
};

type Failure = { readonly source: string; readonly error: UserError };

/**
 * One error for an item that no source provides: the reason of each source, and the hint of the last, or of a source that
 * only wants a proof or a certificate authority.
 */
const unavailable = (item: Item, failures: readonly Failure[]): UserError => {
  const reasons = failures.map(({ source, error }) => `${source}: ${error.message}`).join('; ');
  const last = (failures.find(({ error }) => isAdvisable(error)) ?? failures.at(-1))?.error;
  return new UserError(`cannot get ${item.name} ${item.version}: ${reasons || 'no source is available'}`, {
    id: last?.id ?? 'artifact.unavailable',
    hint: last?.hint ?? 'give --mirror or --bundle',
    cause: last,
  });
};

/** Explains content that would reach beyond its folder; other errors are returned unchanged. */
const unsafeContent = (error: unknown): unknown =>
  error instanceof UnconfinedError
    ? new UserError(`refused: ${error.message}`, {
        id: 'artifact.unsafe-content',
        hint: 'it may be an attack: find out who wrote it, and use another source',
        cause: error,
      })
    : error;

type Made = { readonly source: string; readonly proofs: readonly Proof[] };

const trySources = async (item: Item, dir: string, work: Omit<Work, 'prove'>): Promise<Made> => {
  const failures: Failure[] = [];
  for (const source of item.sources) {
    try {
      await mkdir(dirname(dir), { recursive: true });
      const proofs: Proof[] = [];
      await source.make(dir, { ...work, prove: (proof) => proofs.push(proof) });
      // links of an item of the host's programs lead to them; nothing else may reach beyond its folder
      await confineTree(dir, { allowOutsideLinks: source.name === 'host' });
      return { source: source.name, proofs };
    } catch (thrown) {
      work.signal.throwIfAborted();
      const error = cacheFailure(unsafeContent(thrown), work.cacheDir);
      if (!(error instanceof UserError) || isFinal(error)) throw error;
      failures.push({ source: source.name, error });
      work.report('skipped-source', `${source.name}: ${error.message}`);
      await rm(dirname(dir), { recursive: true, force: true });
    }
  }
  throw unavailable(item, failures);
};

/** `, proven by pin`; empty for what is built here, whose sources the go command or apt verifies. */
const describeProofs = (proofs: readonly Proof[]): string => {
  const kinds = [...new Set(proofs.map(({ by }) => by))].toSorted();
  return kinds.length > 0 ? `, proven by ${kinds.join(' and ')}` : '';
};

const makeItem = async (item: Item, work: Omit<Work, 'prove'>): Promise<StoredItem> => {
  const dir = join(scratchDir(work.cacheDir), item.key, 'item');
  const { source, proofs } = await trySources(item, dir, work);
  work.report('building', `checking ${item.version}`);
  const stored = await storeItem(work.cacheDir, { key: item.key, dir, source }, proofs);
  await rm(dirname(dir), { recursive: true, force: true });
  work.report('done', `${item.version} from ${source}${describeProofs(proofs)}`);
  return stored;
};

/** The item from the cache, or from its first source that works. */
const ensureItem = async (item: Item, shared: Shared, ensure: Work['ensure']): Promise<StoredItem> => {
  const { report, ...rest } = shared;
  const stored = await findStored(shared.cacheDir, item, shared.trust);
  if (stored) {
    report({ name: item.name, state: 'cached', detail: item.version });
    return stored;
  }
  const { report: reportState, stop } = startReporting(item.name, report);
  try {
    const made = await makeItem(item, { ...rest, report: reportState, ensure });
    shared.usedSources.add(made.source);
    return made;
  } catch (thrown) {
    const error = cacheFailure(thrown, shared.cacheDir);
    if (!shared.signal.aborted) reportState('failed', messageOf(error));
    throw error;
  } finally {
    stop();
  }
};

/** An `ensure` that makes each item once, for all callers; `settled` resolves when no item is being made. */
const makeEnsure = (shared: Shared): { ensure: Work['ensure']; settled: () => Promise<void> } => {
  const begun = new Map<string, Promise<StoredItem>>();
  const ensure = (item: Item): Promise<StoredItem> => {
    const running = begun.get(item.key) ?? ensureItem(item, shared, ensure);
    begun.set(item.key, running);
    return running;
  };
  const settled = async () => {
    for (let known = -1; known !== begun.size; ) {
      known = begun.size;
      await Promise.allSettled(begun.values());
    }
  };
  return { ensure, settled };
};

/** If one item fails, aborts the others and waits for them, so that nothing is written after the lock is released. */
const fetchAll = async <Name extends string>(wanted: Readonly<Record<Name, Item>>, filling: FillOptions) => {
  const failed = new AbortController();
  const signal = AbortSignal.any([filling.signal, failed.signal]);
  const digests = await loadDigests(filling.cacheDir);
  const trust = filling.trust ?? noPins;
  const network = makeNetwork({ ...filling.network, ...(filling.mirror && { mirror: filling.mirror }) }, signal);
  // the go command uses all cores
  const usedSources = new Set<string>();
  const shared: Shared = { ...filling, signal, digests, trust, network, buildQueue: makeQueue(), usedSources };
  const { ensure, settled } = makeEnsure(shared);
  const begun = Object.entries<Item>(wanted).map(async ([name, item]) => {
    try {
      return [name, await ensure(item)] as const;
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  });
  await Promise.allSettled(begun);
  // an item that is assembled from others fails with the first of them
  await settled();
  signal.throwIfAborted();
  const stored = Object.fromEntries(await Promise.all(begun)) as Record<Name, StoredItem>;
  if (usedSources.has('go')) await tidyUp(filling);
  return stored;
};

/** All that was wanted is built: what the builds leave is several times as large, and nothing needs it. */
const tidyUp = async ({ cacheDir, report }: FillOptions): Promise<void> => {
  await removeBuildCaches(cacheDir, () =>
    report({ name: 'build caches', state: 'done', detail: "not needed any more, removing Go's modules and objects" }),
  );
};

/** Makes all items in parallel, in one process at a time: another process waits for the cache's lock. */
export const fillCache = async <Name extends string>(
  wanted: Readonly<Record<Name, Item>>,
  filling: FillOptions,
): Promise<Readonly<Record<Name, StoredItem>>> => {
  const { cacheDir, signal, report } = filling;
  const { report: reportState, stop } = startReporting('cache', report);
  let waitedFor: number | undefined;
  const onWait = (pid: number) => {
    waitedFor = pid;
    reportState('waiting', `process ${pid}, which fills ${cacheDir}`);
  };
  try {
    return await withLock(join(cacheDir, 'lock'), { signal, onWait }, async () => {
      stop();
      if (waitedFor !== undefined) reportState('done', `waiting for process ${waitedFor}`);
      await rm(scratchDir(cacheDir), { recursive: true, force: true });
      return fetchAll(wanted, filling);
    });
  } catch (error) {
    throw cacheFailure(error, cacheDir);
  } finally {
    stop();
  }
};
