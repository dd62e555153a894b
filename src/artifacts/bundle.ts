import { chmod, copyFile, mkdir, symlink } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { hasCode, messageOf, UserError } from '../lib/errors.ts';
import { findTextFile, sha256OfFile } from '../lib/files.ts';
import { isStamp, type Stamp, type StampedFile } from './cache.ts';
import { downloadFile } from './download.ts';
import type { Source, Work } from './item.ts';
import { type Network, sourceError } from './network.ts';
import { type Meter, makeMeter } from './progress.ts';

/** What `bundle.json` says: the stamp of each item, by key. Links and modes need no file system that has them. */
export type BundleIndex = { readonly schema: 1; readonly items: Readonly<Record<string, Stamp>> };

/** A bundle in a folder, or below a URL where somebody serves one. */
type Bundle = {
  readonly name: 'bundle' | 'mirror';
  readonly place: string;
  readonly findIndex: (work: Work) => Promise<BundleIndex | undefined>;
  readonly fetchFile: (
    file: StampedFile,
    from: string,
    to: string,
    options: { work: Work; meter: Meter },
  ) => Promise<void>;
};

export const indexName = 'bundle.json';

const parseIndex = (text: string, place: string): BundleIndex => {
  const isIndex = (value: Partial<BundleIndex>): value is BundleIndex =>
    value?.schema === 1 && Object.values(value.items ?? [undefined]).every(isStamp);
  try {
    const index = JSON.parse(text) as Partial<BundleIndex>;
    if (isIndex(index)) return index;
  } catch (error) {
    throw sourceError(`${place}/${indexName} is damaged: ${messageOf(error)}`, error);
  }
  throw sourceError(`${place}/${indexName} is damaged, or was written by another version of taskgate`);
};

/** A bundle on a disk. Its files are copied into the cache, so that the disk may go away. */
export const folderBundle = (place: string): Bundle => ({
  name: 'bundle',
  place,
  findIndex: async () => {
    const text = await findTextFile(join(place, indexName));
    return text === undefined ? undefined : parseIndex(text, place);
  },
  fetchFile: async (file, from, to, { meter }) => {
    try {
      await copyFile(join(place, from), to);
    } catch (error) {
      if (hasCode(error, 'ENOENT')) throw sourceError(`${join(place, from)} is missing`, error);
      throw error;
    }
    meter.of(file.path)(file.size, file.size);
  },
});

/** A bundle that a web server serves; its index is fetched once in a run. */
export const servedBundle = (url: string): Bundle => {
  const place = url.replace(/\/+$/, '');
  let index: Promise<BundleIndex> | undefined;
  const fetchIndex = async (network: Network) =>
    parseIndex((await network.getBytes(`${place}/${indexName}`)).toString('utf8'), place);
  return {
    name: 'mirror',
    place,
    findIndex: ({ network }) => {
      index ??= fetchIndex(network);
      return index;
    },
    fetchFile: (file, from, to, { work, meter }) => {
      const path = from.split('/').map(encodeURIComponent).join('/');
      const partialDir = join(work.cacheDir, 'partial');
      const onBytes = meter.of(file.path);
      return downloadFile({ url: `${place}/${path}`, sha256: file.sha256, to, partialDir, onBytes }, work.network);
    },
  };
};

/** An index comes from outside: nothing may be written beside the item's folder. */
const inside = (dir: string, path: string): string => {
  const full = join(dir, path);
  if (!full.startsWith(dir + sep)) throw sourceError(`the bundle names ${path}, which lies outside its item`);
  return full;
};

const verifyFile = async (path: string, file: StampedFile, place: string): Promise<void> => {
  const seen = await sha256OfFile(path);
  if (seen === file.sha256) return;
  throw new UserError(`${file.path} in ${place} has sha256 ${seen}, but its index says ${file.sha256}`, {
    id: 'artifact.checksum',
    hint: 'the bundle is damaged: write it anew with `taskgate prefetch --bundle DIR`',
  });
};

const takeFiles = async (bundle: Bundle, stamp: Stamp, { dir, work }: { dir: string; work: Work }): Promise<void> => {
  const meter = makeMeter(stamp.files.length, (detail) => work.tell('downloading', `${detail} from ${bundle.place}`));
  for (const file of stamp.files) {
    work.signal.throwIfAborted();
    const to = inside(dir, file.path);
    await mkdir(dirname(to), { recursive: true });
    await bundle.fetchFile(file, `items/${stamp.key}/${file.path}`, to, { work, meter });
    await verifyFile(to, file, bundle.place);
    await chmod(to, file.mode);
  }
  // Links last: no file may be written through one.
  for (const { path, target } of stamp.links) {
    await mkdir(dirname(inside(dir, path)), { recursive: true });
    await symlink(target, inside(dir, path));
  }
};

/** Takes an item out of a bundle. */
export const bundleSource = (bundle: Bundle, key: string): Source => ({
  name: bundle.name,
  make: async (dir, work) => {
    const index = await bundle.findIndex(work);
    if (!index) throw sourceError(`${bundle.place} holds no ${indexName}`);
    const stamp = index.items[key];
    if (!stamp) throw sourceError(`${bundle.place} holds no ${key}, only ${Object.keys(index.items).join(', ')}`);
    await mkdir(dir, { recursive: true });
    await takeFiles(bundle, { ...stamp, key }, { dir, work });
  },
});
