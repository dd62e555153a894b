import { spawnSync } from 'node:child_process';
import { realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import type { Owner } from '../files.ts';

const foldersAbove = (path: string): readonly string[] => {
  const above = dirname(path);
  return above === path ? [] : [...foldersAbove(above), above];
};

/** Without its other groups and access lists, which can only allow more. */
const mayEnter = ({ uid, gid, mode }: Pick<Stats, 'uid' | 'gid' | 'mode'>, owner: Owner): boolean => {
  if (owner.uid === 0) return true;
  if (uid === owner.uid) return (mode & 0o100) !== 0;
  return (mode & (gid === owner.gid ? 0o010 : 0o001)) !== 0;
};

const statOf = (path: string): Stats | undefined => {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
};

const realOf = (path: string): string => {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
};

const closedFolderOf = (path: string, owner: Owner): string | undefined =>
  [...foldersAbove(path), ...foldersAbove(realOf(path))].find((folder) => {
    const stats = statOf(folder);
    return stats !== undefined && !mayEnter(stats, owner);
  });

/** Modes are not all: access lists open a folder, and a file server decides by itself. So a program of that user looks. */
const reaches = (path: string, { uid, gid }: Owner): boolean =>
  spawnSync('test', ['-e', path], { uid, gid, stdio: 'ignore', timeout: 5_000 }).status === 0;

/**
 * The first folder above the files that a command line names which this user may not enter; undefined if there is none.
 * Where modes say so, root tries it; another user cannot, and believes the modes.
 */
export const findClosedFolder = (command: readonly string[], owner: Owner, isReached = reaches): string | undefined => {
  for (const path of command.filter((word) => isAbsolute(word))) {
    const folder = closedFolderOf(path, owner);
    if (folder !== undefined && !isReached(path, owner)) return folder;
  }
  return undefined;
};
