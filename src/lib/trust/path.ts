import { lstatSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { hasCode, messageOf } from '../errors.ts';
import { systemPath } from '../process/system-path.ts';
import { findDistrust, type Trusted } from './users.ts';

/** Whether nothing is there, not even a link; so it is below a file. */
const isMissing = (path: string): boolean => {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined;
  } catch (error) {
    return hasCode(error, 'ENOTDIR');
  }
};

/**
 * Why others can change what is at a path, or put something else there; undefined also where nothing is. A link has no
 * mode; in a sticky folder such as /tmp nobody can replace what belongs to somebody else.
 */
export const findEntryDistrust = (path: string, trusted: Trusted): string | undefined => {
  if (isMissing(path)) return undefined;
  const found = lstatSync(path);
  const { uid, gid, mode } = found;
  const isSticky = found.isDirectory() && (mode & 0o1000) !== 0;
  return findDistrust({ uid, gid, mode: found.isSymbolicLink() || isSticky ? 0 : mode }, trusted);
};

/** A path and those above it, the root first. */
const pathsTo = (path: string): readonly string[] =>
  dirname(path) === path ? [path] : [...pathsTo(dirname(path)), path];

export type Distrust = { readonly path: string; readonly why: string };

const findInParts = (path: string, trusted: Trusted): Distrust | undefined => {
  const real = isMissing(path) ? path : realpathSync(path);
  for (const part of new Set([...pathsTo(path), ...pathsTo(real)])) {
    const why = findEntryDistrust(part, trusted);
    if (why) return { path: part, why };
  }
  return undefined;
};

/**
 * The first part of an absolute path that others can change, with all links resolved, too. What cannot be resolved is not
 * trusted: links that lead nowhere or in circles, and folders that only their user may read (FUSE, NFS with root_squash).
 */
export const findPathDistrust = (path: string, trusted: Trusted): Distrust | undefined => {
  try {
    return findInParts(path, trusted);
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    return { path, why: `cannot be judged: ${messageOf(error)}` };
  }
};

const judgeFolder = (folder: string, trusted: Trusted): Distrust | 'kept' | 'missing' => {
  if (systemPath.includes(folder)) return 'kept';
  if (!isAbsolute(folder)) return { path: folder || '.', why: 'is relative' };
  if (isMissing(folder)) return 'missing';
  return findPathDistrust(folder, trusted) ?? 'kept';
};

export type TrustedPath = { readonly path: string; readonly left: readonly (Distrust & { readonly folder: string })[] };

/**
 * A PATH without the folders in which others could put a program, and those with the reason. What does not exist goes, too:
 * others could create it. Without `trusted` nothing is judged.
 */
export const trustPath = (path: string, trusted: Trusted): TrustedPath => {
  if (!trusted) return { path, left: [] };
  const judged = [...new Set(path.split(':'))].map((folder) => ({ folder, verdict: judgeFolder(folder, trusted) }));
  return {
    path: judged.flatMap(({ folder, verdict }) => (verdict === 'kept' ? [folder] : [])).join(':'),
    left: judged.flatMap(({ folder, verdict }) => (typeof verdict === 'string' ? [] : [{ folder, ...verdict }])),
  };
};
