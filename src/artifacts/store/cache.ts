import { mkdir, readdir, readlink, rename, rm, stat, utimes } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { findStat, findTextFile, isThere, sha256OfFile, writeFileAtomically } from '../../lib/files.ts';
import type { Item, StoredItem } from '../item.ts';
import { isTrusted, type Proof, type Trust } from './trust.ts';

/** A file as it was when it was stored. `path` is relative to the item's folder. */
export type StampedFile = {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly mode: number;
  readonly sha256: string;
};

type StampedLink = { readonly path: string; readonly target: string };

/** The content of an item's folder, and its source; stored in that folder. */
export type Stamp = {
  readonly schema: 1;
  readonly key: string;
  readonly source: string;
  readonly files: readonly StampedFile[];
  readonly links: readonly StampedLink[];
  /** What proved the item's parts; absent for what was built here, and in stamps of earlier versions. */
  readonly proofs?: readonly Proof[];
};

const stampName = 'stamp.json';

const itemDir = (cacheDir: string, key: string): string => join(cacheDir, 'items', key);

/** The folder for work in progress. Only the holder of the cache's lock uses it. */
export const scratchDir = (cacheDir: string): string => join(cacheDir, 'scratch');

const hasFields = (value: unknown, fields: Readonly<Record<string, 'string' | 'number'>>): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(fields).every(([name, type]) => typeof (value as Record<string, unknown>)[name] === type);

const stampFields = { schema: 'number', key: 'string', source: 'string' } as const;
const fileFields = { path: 'string', size: 'number', mtimeMs: 'number', mode: 'number', sha256: 'string' } as const;
const proofFields = { of: 'string', sha256: 'string', by: 'string' } as const;
const linkFields = { path: 'string', target: 'string' } as const;

/** Whether this is an undamaged stamp of this version. */
export const isStamp = (value: unknown): value is Stamp => {
  if (!hasFields(value, stampFields)) return false;
  const { schema, files, links, proofs = [] } = value as Partial<Stamp>;
  const isListOf = (list: unknown, fields: Parameters<typeof hasFields>[1]) =>
    Array.isArray(list) && list.every((each) => hasFields(each, fields));
  return schema === 1 && isListOf(files, fileFields) && isListOf(links, linkFields) && isListOf(proofs, proofFields);
};

/** An item's stamp; undefined if it is missing, damaged or of another version. */
export const findStamp = async (dir: string): Promise<Stamp | undefined> => {
  const text = await findTextFile(join(dir, stampName));
  if (text === undefined) return undefined;
  try {
    const stamp: unknown = JSON.parse(text);
    return isStamp(stamp) ? stamp : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

const isIntact = async (dir: string, file: StampedFile): Promise<boolean> => {
  const path = join(dir, file.path);
  const found = await findStat(path);
  if (found?.size !== file.size) return false;
  // a copied cache has other times: then compare the content
  return Math.floor(found.mtimeMs) === file.mtimeMs || (await sha256OfFile(path)) === file.sha256;
};

/** The stored item, if all its files are unchanged, and what proved it still does. */
export const findStored = async (
  cacheDir: string,
  { key, publishedAt = {} }: Pick<Item, 'key' | 'publishedAt'>,
  trust: Trust,
): Promise<StoredItem | undefined> => {
  const dir = itemDir(cacheDir, key);
  const stamp = await findStamp(dir);
  if (!stamp || stamp.key !== key || !isTrusted(stamp, trust, publishedAt)) return undefined;
  const intact = await Promise.all([
    ...stamp.files.map((file) => isIntact(dir, file)),
    ...stamp.links.map(({ path }) => isThere(join(dir, path))),
  ]);
  return intact.every(Boolean) ? { key, dir, source: stamp.source } : undefined;
};

/** Paths of all files and links below a folder, sorted. */
const listTree = async (dir: string): Promise<{ files: readonly string[]; links: readonly string[] }> => {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = (of: typeof entries) => of.map(({ parentPath, name }) => relative(dir, join(parentPath, name))).sort();
  return {
    files: paths(entries.filter((entry) => entry.isFile())),
    links: paths(entries.filter((entry) => entry.isSymbolicLink())),
  };
};

const stampFile = async (dir: string, path: string): Promise<StampedFile> => {
  const { size, mtimeMs, mode } = await stat(join(dir, path));
  // whole seconds survive a copy between file systems
  const seconds = Math.floor(mtimeMs / 1000);
  await utimes(join(dir, path), seconds, seconds);
  return { path, size, mtimeMs: seconds * 1000, mode: mode & 0o777, sha256: await sha256OfFile(join(dir, path)) };
};

/** Stamps a finished folder and moves it into the cache, where it replaces a damaged one. */
export const storeItem = async (
  cacheDir: string,
  made: StoredItem,
  proofs: readonly Proof[] = [],
): Promise<StoredItem> => {
  const tree = await listTree(made.dir);
  const files: StampedFile[] = [];
  for (const path of tree.files) files.push(await stampFile(made.dir, path));
  const links = await Promise.all(
    tree.links.map(async (path) => ({ path, target: await readlink(join(made.dir, path)) })),
  );
  const stamp: Stamp = {
    schema: 1,
    key: made.key,
    source: made.source,
    files,
    links,
    ...(proofs.length > 0 && { proofs }),
  };
  await writeFileAtomically(join(made.dir, stampName), `${JSON.stringify(stamp, null, 1)}\n`, 0o644);
  const dir = itemDir(cacheDir, made.key);
  await mkdir(join(cacheDir, 'items'), { recursive: true });
  await rm(dir, { recursive: true, force: true });
  await rename(made.dir, dir);
  return { ...made, dir };
};
