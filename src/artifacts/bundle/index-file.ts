// Tested in test/artifacts/bundle/bundle.test.ts
import { join } from 'node:path';
import { hasCode, messageOf, UserError } from '../../lib/errors.ts';
import { findTextFile } from '../../lib/files.ts';
import type { Item } from '../item.ts';
import { isStamp, type Stamp } from '../store/cache.ts';

/** The content of `bundle.json`: each item's stamp, with links and file modes, which the disk's file system may not support. */
export type BundleIndex = { readonly schema: 1; readonly items: Readonly<Record<string, Stamp>> };

export const indexName = 'bundle.json';

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

export const parseIndex = (text: string, place: string): BundleIndex => {
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

/** The index of a bundle on a disk. */
export const findFolderIndex = async (place: string): Promise<BundleIndex | undefined> => {
  const path = join(place, indexName);
  const text = await findTextFile(path).catch((error: unknown) => {
    throw readFailure(error, path);
  });
  return text === undefined ? undefined : parseIndex(text, place);
};

/**
 * Throws unless a folder is a bundle that has the items without any other source. One error names all missing items:
 * they are fetched in parallel, so the first failure would be random.
 */
export const verifyBundle = async (place: string, wanted: readonly Item[]): Promise<void> => {
  const index = await findFolderIndex(place);
  if (!index) throw bundleError(`cannot use the bundle: ${place} holds no ${indexName}`);
  const missing = wanted.filter(
    ({ key, sources }) => !Object.hasOwn(index.items, key) && sources.every(({ name }) => name === 'bundle'),
  );
  if (missing.length === 0) return;
  const keys = missing.map(({ key }) => key).join(', ');
  throw bundleError(`cannot use the bundle: ${place} holds no ${keys}, only ${Object.keys(index.items).join(', ')}`);
};
