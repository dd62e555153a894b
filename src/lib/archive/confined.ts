import { chmod, lstat, mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, relative, sep } from 'node:path';
import { hasCode } from '../errors.ts';

/** Content of an archive or bundle that would reach beyond the folder that it is written to. */
export class UnconfinedError extends Error {
  override readonly name = 'UnconfinedError';
}

/** Permissions that content may bring: no set-id or sticky bit, and no write permission for others. */
export const confinedMode = (mode: number): number => mode & 0o755;

/**
 * The full path of a name inside a folder. Throws {@link UnconfinedError} for an absolute name, one with `..`, and one that can
 * only be a folder's (`a/`).
 */
export const pathInside = (dir: string, path: string): string => {
  const full = join(dir, path);
  const parts = path.split('/');
  if (
    isAbsolute(path) ||
    parts.includes('..') ||
    ['', '.'].includes(parts.at(-1) ?? '') ||
    !full.startsWith(dir + sep)
  ) {
    throw new UnconfinedError(`${path} is outside its folder`);
  }
  return full;
};

/**
 * Throws unless a link leads to a place in its folder. `..` is accepted at the beginning only: behind a name it would be
 * resolved from where that name, if it is a link, leads to.
 */
export const verifyLink = (path: string, target: string): void => {
  const parts = target.split('/');
  const firstName = parts.findIndex((part) => part !== '..' && part !== '.');
  const climbsLate = firstName !== -1 && parts.slice(firstName).includes('..');
  const end = normalize(join(dirname(path), target));
  if (!isAbsolute(target) && !climbsLate && target !== '' && end !== '..' && !end.startsWith(`..${sep}`)) return;
  throw new UnconfinedError(`link ${path} leads to ${target}, outside its folder`);
};

/** Creates the folders above a name, each of which must be a real one: `mkdir` with `recursive` follows links. */
export const makeParents = async (dir: string, path: string): Promise<void> => {
  const parts = relative(dir, dirname(pathInside(dir, path)))
    .split(sep)
    .filter(Boolean);
  let folder = dir;
  for (const part of parts) {
    folder = join(folder, part);
    await mkdir(folder).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error;
    });
    if (!(await lstat(folder)).isDirectory()) throw new UnconfinedError(`${path} leads through a link or a file`);
  }
};

/** Creates a link that must stay in the folder, and replaces nothing. */
export const linkInside = async (dir: string, path: string, target: string): Promise<void> => {
  verifyLink(path, target);
  await makeParents(dir, path);
  await symlink(target, pathInside(dir, path)).catch((error: unknown) => {
    throw hasCode(error, 'EEXIST') ? new UnconfinedError(`link ${path} has the name of something else`) : error;
  });
};

type Options = {
  /** Whether links may lead out of the folder: for an item that consists of links to this machine's programs. */
  readonly allowOutsideLinks: boolean;
};

/**
 * Checks an unpacked tree, and takes away permissions that it must not have. Throws {@link UnconfinedError} for devices,
 * FIFOs, sockets, links out of the tree, and hard links of files outside of it.
 */
export const confineTree = async (dir: string, { allowOutsideLinks }: Options): Promise<void> => {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const names = new Map<string, { path: string; nlink: number; count: number }>();
  for (const entry of entries) {
    const full = join(entry.parentPath, entry.name);
    const path = relative(dir, full);
    if (entry.isSymbolicLink()) {
      if (!allowOutsideLinks) verifyLink(path, await readlink(full));
      continue;
    }
    if (!entry.isFile() && !entry.isDirectory()) throw new UnconfinedError(`${path} is a device, FIFO or socket`);
    const { mode, dev, ino, nlink } = await lstat(full);
    const permissions = mode & 0o7777;
    if (confinedMode(permissions) !== permissions) await chmod(full, confinedMode(permissions));
    const inode = `${dev}:${ino}`;
    if (entry.isFile()) names.set(inode, { path, nlink, count: (names.get(inode)?.count ?? 0) + 1 });
  }
  const shared = [...names.values()].find(({ nlink, count }) => nlink !== count);
  if (shared) throw new UnconfinedError(`${shared.path} is a hard link of a file outside its folder`);
};
