import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { findStat, ignoreAbsence, isThere } from '../../lib/files.ts';
import { withLock } from '../../lib/process/lock.ts';
import { goDirs } from './build-caches.ts';
import { scratchDir } from './cache.ts';

/** `item`: programs or images; `build`: what only builds need; `download`: parts of files; `other`: anything else. */
type Kind = 'item' | 'build' | 'download' | 'other';

/** One thing in the cache. */
export type CacheEntry = {
  readonly path: string;
  readonly kind: Kind;
  /** The item's key. */
  readonly key?: string;
  /** On disk. */
  readonly bytes: number;
};

const namesIn = async (dir: string): Promise<readonly string[]> =>
  ((await readdir(dir).catch(ignoreAbsence)) ?? []).toSorted();

/** What a folder takes on disk, as `du` counts. Files that go away meanwhile count nothing. */
const sizeOf = async (path: string): Promise<number> => {
  const entry = await findStat(path);
  if (!entry) return 0;
  const own = (entry.blocks ?? 0) * 512;
  if (!entry.isDirectory()) return own;
  const entries = (await readdir(path, { withFileTypes: true }).catch(ignoreAbsence)) ?? [];
  let sum = own;
  for (const one of entries) {
    // one folder after the other: a module cache has hundreds of thousands of files
    if (one.isDirectory()) sum += await sizeOf(join(path, one.name));
  }
  const files = entries.filter((one) => one.isFile());
  const blocks = await Promise.all(files.map(async ({ name }) => (await findStat(join(path, name)))?.blocks ?? 0));
  return sum + blocks.reduce((total, count) => total + count * 512, 0);
};

const entryOf = async (kind: Kind, path: string, key?: string): Promise<CacheEntry> => ({
  ...{ path, kind, bytes: await sizeOf(path) },
  ...(key !== undefined && { key }),
});

const kinds: Readonly<Record<string, Kind>> = { go: 'build', scratch: 'build', partial: 'download' };

/** What the programs and images take on disk, and whether builds have left more than those. */
export const measureCache = async (cacheDir: string): Promise<{ itemBytes: number; hasBuildCaches: boolean }> => ({
  itemBytes: await sizeOf(join(cacheDir, 'items')),
  hasBuildCaches: await isThere(goDirs(cacheDir).dir),
});

/** Everything in the cache, with its size. */
export const listCache = async (cacheDir: string): Promise<readonly CacheEntry[]> => {
  const entries: CacheEntry[] = [];
  for (const name of await namesIn(cacheDir)) {
    if (name !== 'items') entries.push(await entryOf(kinds[name] ?? 'other', join(cacheDir, name)));
  }
  const itemsDir = join(cacheDir, 'items');
  for (const key of await namesIn(itemsDir)) entries.push(await entryOf('item', join(itemsDir, key), key));
  return entries.filter(({ bytes, kind }) => bytes > 0 || kind === 'item');
};

type PruneOptions = {
  readonly signal: AbortSignal;
  /** Called with the process that fills the cache; throws. */
  readonly onBusy: (pid: number) => never;
  /** Whether an item must stay; asked while nobody can add one. */
  readonly isKept: (key: string) => boolean;
};

/** Removes what builds have left, and the items that need not stay. Resolves with what was removed. */
export const pruneCache = async (
  cacheDir: string,
  { signal, onBusy, isKept }: PruneOptions,
): Promise<readonly CacheEntry[]> => {
  if (!(await stat(cacheDir).catch(ignoreAbsence))) return [];
  return withLock(join(cacheDir, 'lock'), { signal, onWait: onBusy }, async () => {
    const left = [goDirs(cacheDir).dir, scratchDir(cacheDir), join(cacheDir, 'partial')];
    const unneeded = (await listCache(cacheDir)).filter(
      ({ path, key }) => left.includes(path) || (key !== undefined && !isKept(key)),
    );
    for (const { path } of unneeded) {
      signal.throwIfAborted();
      await rm(path, { recursive: true, force: true });
    }
    return unneeded;
  });
};
