import { chmod, copyFile, mkdir, symlink } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { UserError } from '../../lib/errors.ts';
import { sha256OfFile } from '../../lib/files.ts';
import type { ArtifactSource, Work } from '../item.ts';
import type { Stamp, StampedFile } from '../store/cache.ts';
import { downloadFile } from '../store/download.ts';
import type { Network } from '../store/network.ts';
import { type Meter, makeMeter } from '../store/progress.ts';
import { type BundleIndex, bundleError, findFolderIndex, indexName, parseIndex, readFailure } from './index-file.ts';

/** A bundle in a folder, or served by a web server. */
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

/** A bundle on a disk. Its files are copied into the cache, so the disk can be removed afterwards. */
export const folderBundle = (place: string): Bundle => ({
  name: 'bundle',
  place,
  findIndex: () => findFolderIndex(place),
  fetchFile: async (file, from, to, { meter }) => {
    try {
      await copyFile(join(place, from), to);
    } catch (error) {
      throw readFailure(error, join(place, from));
    }
    meter.of(file.path)(file.size, file.size);
  },
});

/** A bundle that a web server serves; its index is fetched once per run. */
export const servedBundle = (url: string): Bundle => {
  const place = url.replace(/\/+$/, '');
  let index: Promise<BundleIndex> | undefined;
  const fetchIndex = async (network: Network) => parseIndex(await network.getText(`${place}/${indexName}`), place);
  return {
    name: 'mirror',
    place,
    findIndex: ({ network }) => {
      index ??= fetchIndex(network);
      return index;
    },
    fetchFile: (file, from, to, { work, meter }) => {
      const path = from.split('/').map(encodeURIComponent).join('/');
      return downloadFile({ url: `${place}/${path}`, sha256: file.sha256, to, onBytes: meter.of(file.path) }, work);
    },
  };
};

/** The index is untrusted input: it must not make taskgate write outside the item's folder. */
const pathInside = (dir: string, path: string): string => {
  const full = join(dir, path);
  if (!full.startsWith(dir + sep)) throw bundleError(`the bundle names ${path}, which is outside its item`);
  return full;
};

const verifyFile = async (path: string, file: StampedFile, place: string): Promise<void> => {
  const seen = await sha256OfFile(path);
  if (seen === file.sha256) return;
  throw new UserError(`${file.path} in ${place} has sha256 ${seen}, but its index says ${file.sha256}`, {
    id: 'artifact.checksum',
    hint: 'the bundle is damaged: write it again with `taskgate prefetch --bundle DIR`',
  });
};

const fetchFiles = async (bundle: Bundle, stamp: Stamp, { dir, work }: { dir: string; work: Work }): Promise<void> => {
  const meter = makeMeter(stamp.files.length, (detail) => work.report('downloading', `${detail} from ${bundle.place}`));
  for (const file of stamp.files) {
    work.signal.throwIfAborted();
    const to = pathInside(dir, file.path);
    await mkdir(dirname(to), { recursive: true });
    await bundle.fetchFile(file, `items/${stamp.key}/${file.path}`, to, { work, meter });
    await verifyFile(to, file, bundle.place);
    await chmod(to, file.mode);
  }
  // links last: no file must be written through one
  for (const { path, target } of stamp.links) {
    await mkdir(dirname(pathInside(dir, path)), { recursive: true });
    await symlink(target, pathInside(dir, path));
  }
};

/** Gets an item from a bundle. */
export const bundleSource = (bundle: Bundle, key: string): ArtifactSource => ({
  name: bundle.name,
  make: async (dir, work) => {
    const index = await bundle.findIndex(work);
    if (!index) throw bundleError(`${bundle.place} holds no ${indexName}`);
    const stamp = index.items[key];
    if (!stamp) throw bundleError(`${bundle.place} holds no ${key}, only ${Object.keys(index.items).join(', ')}`);
    await mkdir(dir, { recursive: true });
    await fetchFiles(bundle, { ...stamp, key }, { dir, work });
  },
});
