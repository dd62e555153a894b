import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, UserError } from '../../lib/errors.ts';
import { withLock } from '../../lib/process/lock.ts';
import type { Item, StoredItem, Work } from '../item.ts';
import { findStored, scratchDir, storeItem } from './cache.ts';
import { loadDigests } from './digests.ts';
import { cacheFailure, isFinal } from './failure.ts';
import { makeNetwork, type NetworkOptions } from './network.ts';
import { type OnProgress, startReporting } from './progress.ts';
import { makeQueue } from './queue.ts';

/** What the work on all items shares. */
type Shared = Omit<Work, 'report' | 'ensure'> & { readonly report: OnProgress };

export type FillOptions = Omit<Shared, 'network' | 'digests' | 'buildQueue'> & { readonly network?: NetworkOptions };

type Failure = { readonly source: string; readonly error: UserError };

/** One error for an item that no source provides: the reason of each source, and the hint of the last. */
const unavailable = (item: Item, failures: readonly Failure[]): UserError => {
  const reasons = failures.map(({ source, error }) => `${source}: ${error.message}`).join('; ');
  const last = failures.at(-1)?.error;
  return new UserError(`cannot get ${item.name} ${item.version}: ${reasons || 'no source is available'}`, {
    id: last?.id ?? 'artifact.unavailable',
    hint: last?.hint ?? 'give --mirror or --bundle',
    cause: last,
  });
};

const trySources = async (item: Item, dir: string, work: Work): Promise<string> => {
  const failures: Failure[] = [];
  for (const source of item.sources) {
    try {
      await mkdir(dirname(dir), { recursive: true });
      await source.make(dir, work);
      return source.name;
    } catch (thrown) {
      work.signal.throwIfAborted();
      const error = cacheFailure(thrown, work.cacheDir);
      if (!(error instanceof UserError) || isFinal(error)) throw error;
      failures.push({ source: source.name, error });
      work.report('skipped-source', `${source.name}: ${error.message}`);
      await rm(dirname(dir), { recursive: true, force: true });
    }
  }
  throw unavailable(item, failures);
};

const makeItem = async (item: Item, work: Work): Promise<StoredItem> => {
  const dir = join(scratchDir(work.cacheDir), item.key, 'item');
  const source = await trySources(item, dir, work);
  work.report('building', `checking ${item.version}`);
  const stored = await storeItem(work.cacheDir, { key: item.key, dir, source });
  await rm(dirname(dir), { recursive: true, force: true });
  work.report('done', `${item.version} from ${source}`);
  return stored;
};

/** The item from the cache, or from its first source that works. */
const ensureItem = async (item: Item, shared: Shared, ensure: Work['ensure']): Promise<StoredItem> => {
  const { report, ...rest } = shared;
  const stored = await findStored(shared.cacheDir, item.key);
  if (stored) {
    report({ name: item.name, state: 'cached', detail: item.version });
    return stored;
  }
  const { report: reportState, stop } = startReporting(item.name, report);
  try {
    return await makeItem(item, { ...rest, report: reportState, ensure });
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
  const network = makeNetwork(filling.network ?? {}, signal);
  // the go command uses all cores
  const { ensure, settled } = makeEnsure({ ...filling, signal, digests, network, buildQueue: makeQueue() });
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
  return Object.fromEntries(await Promise.all(begun)) as Record<Name, StoredItem>;
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
