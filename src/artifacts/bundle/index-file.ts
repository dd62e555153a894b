import { join } from 'node:path';
import { hasCode, messageOf, UserError } from '../../lib/errors.ts';
import { findTextFile, isThere, sha256 } from '../../lib/files.ts';
import type { Item } from '../item.ts';
import { isStamp, type Stamp } from '../store/cache.ts';
import type { Proof } from '../store/trust.ts';
import { verifyOwnFolder } from './own-folder.ts';

/** The content of `bundle.json`: each item's stamp, with links and file modes, which the disk's file system may not support. */
export type BundleIndex = { readonly schema: 1; readonly items: Readonly<Record<string, Stamp>> };

export const indexName = 'bundle.json';

/** What may prove a bundle in a folder: its digest, or its owner. */
export type BundleProof = {
  /** `sha256:` and hex. */
  readonly bundleDigest?: string;
  /** Who called sudo, if this is root for somebody. */
  readonly callerUid?: number;
};

/** An index with what proves it, and thereby all digests in it. */
export type ProvenIndex = { readonly index: BundleIndex; readonly proof: Proof };

/** The hint does not suggest the network: with --bundle there may be none. */
export const bundleError = (message: string, cause?: unknown): UserError =>
  new UserError(message, {
    id: 'artifact.unavailable',
    hint: 'write a bundle on a machine with network access, with this version of taskgate: `taskgate prefetch --bundle DIR`',
    cause,
  });

/** Explains a bundle read error; other errors are returned unchanged. */
export const readFailure = (error: unknown, path: string): unknown => {
  if (hasCode(error, 'ENOENT')) return bundleError(`${path} is missing`, error);
  const isUnreadable = ['ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'EIO'].some((code) => hasCode(error, code));
  return isUnreadable ? bundleError(`${path} cannot be read: ${messageOf(error)}`, error) : error;
};

const parseIndex = (text: string, place: string): BundleIndex => {
  const isIndex = (value: Partial<BundleIndex>): value is BundleIndex =>
    value?.schema === 1 && Object.values(value.items ?? [undefined]).every(isStamp);
  try {
    const index = JSON.parse(text) as Partial<BundleIndex>;
    if (isIndex(index)) return index;
  } catch (error) {
    throw bundleError(`${place}/${indexName} is damaged: ${messageOf(error)}`, error);
  }
  throw bundleError(`${place}/${indexName} is damaged, or was written by another version of taskgate`);
};

/** The digest of an index as `--bundle-digest` takes it. */
export const digestOf = (text: string): string => `sha256:${sha256(text)}`;

/** Reads an index that has the wanted digest. Throws UserError `artifact.bundle-digest` for another one. */
export const parseWanted = (text: string, place: string, wanted: string): ProvenIndex => {
  const seen = digestOf(text);
  if (seen === wanted) {
    return { index: parseIndex(text, place), proof: { of: indexName, sha256: sha256(text), by: 'bundle digest' } };
  }
  throw new UserError(`${place}/${indexName} has the digest ${seen}, but --bundle-digest is ${wanted}`, {
    id: 'artifact.bundle-digest',
    hint: 'it is another bundle, or was changed: `taskgate prefetch --bundle DIR` prints the digest of the one it writes',
  });
};

/**
 * The index of a bundle on a disk; undefined if there is none. Without a digest the folder must be the user's own: throws
 * UserError `artifact.bundle-unproven` for another one.
 */
export const findFolderIndex = async (
  place: string,
  { bundleDigest: wanted, callerUid }: BundleProof = {},
): Promise<ProvenIndex | undefined> => {
  const path = join(place, indexName);
  const text = await findTextFile(path).catch((error: unknown) => {
    throw readFailure(error, path);
  });
  if (text === undefined) return undefined;
  if (wanted !== undefined) return parseWanted(text, place, wanted);
  await verifyOwnFolder(place, indexName, callerUid);
  return { index: parseIndex(text, place), proof: { of: indexName, sha256: sha256(text), by: 'folder' } };
};

/**
 * Throws unless a folder is a bundle that has the items without any other source. One error names all missing items:
 * they are fetched in parallel, so the first failure would be random.
 */
export const verifyBundle = async (place: string, wanted: readonly Item[], proof?: BundleProof): Promise<void> => {
  const { index } = (await findFolderIndex(place, proof)) ?? {};
  if (!index) {
    const isFolder = await isThere(place);
    throw bundleError(
      isFolder ? `cannot use the bundle: ${place} holds no ${indexName}` : `--bundle: there is no folder ${place}`,
    );
  }
  const missing = wanted.filter(
    ({ key, sources }) => !Object.hasOwn(index.items, key) && sources.every(({ name }) => name === 'bundle'),
  );
  if (missing.length === 0) return;
  const keys = missing.map(({ key }) => key).join(', ');
  throw bundleError(`cannot use the bundle: ${place} holds no ${keys}, only ${Object.keys(index.items).join(', ')}`);
};
