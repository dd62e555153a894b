import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../lib/errors.ts';
import { findStored, landItem, scratchDir } from './cache.ts';
import { cacheFailure, isFinal } from './failure.ts';
import type { Item, StoredItem, Work } from './item.ts';
import { type Report, startTelling, type Tell } from './progress.ts';

/** What every item's work shares. */
export type Shared = Omit<Work, 'tell' | 'ensure'> & { readonly report: Report };

type Failure = { readonly source: string; readonly error: UserError };

/** One error for an item that no source could give: each source with its reason, and the last one's way out. */
export const unavailable = (item: Item, failures: readonly Failure[]): UserError => {
  const reasons = failures.map(({ source, error }) => `${source}: ${error.message}`).join('; ');
  const last = failures.at(-1)?.error;
  return new UserError(`cannot get ${item.name} ${item.version}: ${reasons || 'it has no source here'}`, {
    id: last?.id ?? 'artifact.unavailable',
    hint: last?.hint ?? 'give --mirror or --bundle',
    cause: last,
  });
};

const trySources = async (item: Item, dir: string, work: Work): Promise<string> => {
  const failures: Failure[] = [];
  for (const source of item.sources) {
    try {
      await source.make(dir, work);
      return source.name;
    } catch (thrown) {
      work.signal.throwIfAborted();
      const error = cacheFailure(thrown, work.cacheDir);
      if (!(error instanceof UserError) || isFinal(error)) throw error;
      failures.push({ source: source.name, error });
      work.tell('skipped-source', `${source.name}: ${error.message}`);
      await rm(dir, { recursive: true, force: true });
    }
  }
  throw unavailable(item, failures);
};

const makeItem = async (item: Item, work: Work): Promise<StoredItem> => {
  const dir = join(scratchDir(work.cacheDir), item.key);
  const source = await trySources(item, dir, work);
  work.tell('building', `checking ${item.version}`);
  const stored = await landItem(work.cacheDir, { key: item.key, dir, source });
  work.tell('done', `${item.version} from ${source}`);
  return stored;
};

/** The item from the cache, else from the first of its sources that has it. */
const ensureItem = async (item: Item, shared: Shared, ensure: Work['ensure']): Promise<StoredItem> => {
  const { report, ...rest } = shared;
  const stored = await findStored(shared.cacheDir, item.key);
  if (stored) {
    report({ name: item.name, state: 'cached', detail: item.version });
    return stored;
  }
  const { tell, stop }: { tell: Tell; stop: () => void } = startTelling(item.name, report);
  try {
    return await makeItem(item, { ...rest, tell, ensure });
  } catch (error) {
    throw cacheFailure(error, shared.cacheDir);
  } finally {
    stop();
  }
};

/** An `ensure` that does each item once, however many ask for it. */
export const makeEnsure = (shared: Shared): Work['ensure'] => {
  const begun = new Map<string, Promise<StoredItem>>();
  const ensure = (item: Item): Promise<StoredItem> => {
    const running = begun.get(item.key) ?? ensureItem(item, shared, ensure);
    begun.set(item.key, running);
    return running;
  };
  return ensure;
};
