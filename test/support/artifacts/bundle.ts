import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundleIndex, digestOf } from '../../../src/artifacts/bundle/index-file.ts';
import { copyToBundle } from '../../../src/artifacts/bundle/writer.ts';
import type { Item } from '../../../src/artifacts/item.ts';
import { type Stamp, storeItem } from '../../../src/artifacts/store/cache.ts';
import { temporaryDir } from '../temporary-dir.ts';

export const item: Item = { name: 'tool', version: 'v1', key: 'tool-v1', sources: [] };
const signal = new AbortController().signal;

/** A cache with one item, written to a bundle. */
export const makeBundle = async (source = 'go'): Promise<string> => {
  const cacheDir = await temporaryDir();
  const dir = join(cacheDir, 'made');
  await mkdir(join(dir, 'sub folder'), { recursive: true });
  await writeFile(join(dir, 'sub folder/tool'), 'tool');
  await chmod(join(dir, 'sub folder/tool'), 0o755);
  await symlink('sub folder/tool', join(dir, 'link'));
  const stored = await storeItem(cacheDir, { key: item.key, dir, source });
  const bundle = join(cacheDir, 'bundle');
  await copyToBundle(bundle, [[item, stored]], { signal, onItem: () => undefined });
  return bundle;
};

/** The digest of its index. */
export const digestIn = async (bundle: string): Promise<string> =>
  digestOf(await readFile(join(bundle, 'bundle.json'), 'utf8'));

/** The bundle with a changed index, as who can write to the disk or the mirror may change it. */
export const changeIndex = async (bundle: string, change: (stamp: Stamp) => Partial<Stamp>): Promise<string> => {
  const path = join(bundle, 'bundle.json');
  const index = JSON.parse(await readFile(path, 'utf8')) as BundleIndex;
  const stamp = index.items[item.key];
  if (!stamp) throw new Error('no stamp');
  const text = JSON.stringify({ ...index, items: { [item.key]: { ...stamp, ...change(stamp) } } });
  await writeFile(path, text);
  return digestOf(text);
};
