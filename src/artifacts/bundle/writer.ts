// Tested in test/artifacts/bundle/bundle.test.ts
import { copyFile, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../../lib/errors.ts';
import { findStat, sha256OfFile, writeFileAtomically } from '../../lib/files.ts';
import type { Item, StoredItem } from '../item.ts';
import { findStamp, type Stamp, type StampedFile } from '../store/cache.ts';
import { type BundleIndex, digestOf, indexName } from './index-file.ts';

const isCopied = async (path: string, { size, sha256 }: StampedFile): Promise<boolean> =>
  (await findStat(path))?.size === size && (await sha256OfFile(path)) === sha256;

const copyItem = async (
  stamp: Stamp,
  { from, to }: { from: string; to: string },
  signal: AbortSignal,
): Promise<void> => {
  for (const file of stamp.files) {
    signal.throwIfAborted();
    const path = join(to, file.path);
    if (await isCopied(path, file)) continue;
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await copyFile(join(from, file.path), `${path}.tmp`);
    await rename(`${path}.tmp`, path);
  }
};

/**
 * Copies items from the cache into a bundle, and writes its index last: a bundle without one is incomplete. Resolves with the
 * index's digest, which proves the whole bundle.
 */
export const copyToBundle = async (
  dir: string,
  items: readonly (readonly [Item, StoredItem])[],
  { signal, onItem }: { signal: AbortSignal; onItem: (item: Item) => void },
): Promise<string> => {
  const stamps: Record<string, Stamp> = {};
  for (const [item, stored] of items) {
    onItem(item);
    const stamp = await findStamp(stored.dir);
    if (!stamp) throw new Error(`${stored.dir} has no stamp`);
    if (stamp.source === 'host') {
      throw new UserError(`${item.name} consists of this machine's own programs and cannot be bundled`, {
        id: 'artifact.not-bundled',
        hint: 'write the bundle on a Debian or Ubuntu machine, where packages are unpacked into the cache',
      });
    }
    await copyItem(stamp, { from: stored.dir, to: join(dir, 'items', item.key) }, signal);
    stamps[item.key] = stamp;
  }
  const index: BundleIndex = { schema: 1, items: stamps };
  const text = `${JSON.stringify(index, null, 1)}\n`;
  await writeFileAtomically(join(dir, indexName), text, 0o644);
  return digestOf(text);
};
