import { chmod, copyFile, lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { confinedMode, linkInside, makeParents, pathInside } from '../../lib/archive/confined.ts';
import { UserError } from '../../lib/errors.ts';
import { sha256OfFile } from '../../lib/files.ts';
import type { Mirror } from '../../lib/http/mirror.ts';
import type { ArtifactSource, Item, Work } from '../item.ts';
import type { Stamp, StampedFile } from '../store/cache.ts';
import { downloadFile } from '../store/download.ts';
import type { Network } from '../store/network.ts';
import { type Meter, makeMeter } from '../store/progress.ts';
import { isTrusted, type Proof } from '../store/trust.ts';
import {
  type BundleProof,
  bundleError,
  findFolderIndex,
  indexName,
  type ProvenIndex,
  parseWanted,
  readFailure,
} from './index-file.ts';

/** A bundle in a folder, or served by a web server. */
type Bundle = {
  readonly name: 'bundle' | 'mirror';
  readonly place: string;
  readonly findIndex: (work: Work) => Promise<ProvenIndex | undefined>;
  readonly fetchFile: (
    file: StampedFile,
    from: string,
    to: string,
    options: { work: Work; meter: Meter },
  ) => Promise<void>;
};

/** A link, a device, or a file of another size would be read from elsewhere, or without end. */
const verifyPlainFile = async (path: string, { size }: StampedFile): Promise<void> => {
  const found = await lstat(path);
  if (!found.isFile()) throw bundleError(`${path} is not a plain file`);
  if (found.size !== size) throw bundleError(`${path} has ${found.size} bytes, but its index says ${size}`);
};

/** A bundle on a disk. Its files are copied into the cache, so the disk can be removed afterwards. */
export const folderBundle = (place: string, proof?: BundleProof): Bundle => ({
  name: 'bundle',
  place,
  findIndex: () => findFolderIndex(place, proof),
  fetchFile: async (file, from, to, { meter }) => {
    const path = join(place, from);
    try {
      await verifyPlainFile(path, file);
      await copyFile(path, to);
    } catch (error) {
      throw readFailure(error, path);
    }
    meter.of(file.path)(file.size, file.size);
  },
});

/** A bundle that a web server serves; its index is fetched once per run, and only its digest proves it. */
export const servedBundle = ({ url: place }: Mirror, bundleDigest?: string): Bundle => {
  let index: Promise<ProvenIndex> | undefined;
  const fetchIndex = async (network: Network): Promise<ProvenIndex> => {
    const text = await network.getText(`${place}/${indexName}`);
    if (bundleDigest !== undefined) return parseWanted(text, place, bundleDigest);
    throw new UserError(`nothing proves the bundle at ${place}`, {
      id: 'artifact.bundle-unproven',
      hint: 'give --bundle-digest with the digest that `taskgate prefetch --bundle DIR` printed',
    });
  };
  return {
    name: 'mirror',
    place,
    findIndex: ({ network }) => {
      index ??= fetchIndex(network);
      return index;
    },
    fetchFile: (file, from, to, { work, meter }) => {
      const path = from.toWellFormed().split('/').map(encodeURIComponent).join('/');
      const { sha256, size: maxBytes } = file;
      return downloadFile({ url: `${place}/${path}`, sha256, maxBytes, to, onBytes: meter.of(file.path) }, work);
    },
  };
};

const verifyFile = async (path: string, file: StampedFile, place: string): Promise<void> => {
  const seen = await sha256OfFile(path);
  if (seen === file.sha256) return;
  throw new UserError(`${file.path} in ${place} has sha256 ${seen}, but its index says ${file.sha256}`, {
    id: 'artifact.checksum',
    hint: 'the bundle is damaged: write it again with `taskgate prefetch --bundle DIR`',
  });
};

/** The index is untrusted input: nothing is written outside the item's folder, and permissions are masked. */
const fetchFiles = async (bundle: Bundle, stamp: Stamp, { dir, work }: { dir: string; work: Work }): Promise<void> => {
  const meter = makeMeter(stamp.files.length, (detail) => work.report('downloading', `${detail} from ${bundle.place}`));
  for (const file of stamp.files) {
    work.signal.throwIfAborted();
    const to = pathInside(dir, file.path);
    await makeParents(dir, file.path);
    await bundle.fetchFile(file, `items/${stamp.key}/${file.path}`, to, { work, meter });
    await verifyFile(to, file, bundle.place);
    await chmod(to, confinedMode(file.mode));
  }
  // links last: no file must be written through one
  for (const { path, target } of stamp.links) await linkInside(dir, path, target);
};

/** Passes on what proved the item where the bundle was written; a mirror's word there is now the bundle's. */
const passOn = (stamp: Stamp, index: Proof, work: Work): void => {
  work.prove({ ...index, of: `${index.of} ${stamp.key}` });
  for (const proof of stamp.proofs ?? []) work.prove(proof.by === 'mirror' ? { ...proof, by: index.by } : proof);
};

/** Gets an item from a bundle. What is pinned must be as the pins say, whatever the bundle's index says. */
export const bundleSource = (
  bundle: Bundle,
  { key, publishedAt = {} }: Pick<Item, 'key' | 'publishedAt'>,
): ArtifactSource => ({
  name: bundle.name,
  make: async (dir, work) => {
    const { index, proof } = (await bundle.findIndex(work)) ?? {};
    if (!index || !proof) throw bundleError(`${bundle.place} holds no ${indexName}`);
    const stamp = Object.hasOwn(index.items, key) ? index.items[key] : undefined;
    if (!stamp) throw bundleError(`${bundle.place} holds no ${key}, only ${Object.keys(index.items).join(', ')}`);
    if (!isTrusted(stamp, { ...work.trust, trustMirror: true }, publishedAt)) {
      throw new UserError(`${key} in ${bundle.place} differs from the digests in src/config/digests.ts`, {
        id: 'artifact.checksum',
        hint: 'the bundle was changed, or written from another source: write it again with `taskgate prefetch --bundle DIR`',
      });
    }
    await mkdir(dir, { recursive: true });
    await fetchFiles(bundle, { ...stamp, key }, { dir, work });
    if (proof.by === 'folder') {
      for (const { path, sha256 } of stamp.files) await work.digests.remember(`bundle ${key}/${path}`, sha256);
    }
    passOn(stamp, proof, work);
  },
});
