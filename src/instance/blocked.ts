import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ignoreAbsence, isThere, writeFileAtomically } from '../lib/files.ts';
import { statePaths } from './paths.ts';

const pathOf = (instanceDir: string): string =>
  join(statePaths(dirname(dirname(instanceDir))).blockedDir, basename(instanceDir));

/** Remembers that this host is about to keep an instance's network unreachable, also after its folder is gone. */
export const rememberBlock = (instanceDir: string, cidr: string): Promise<void> =>
  writeFileAtomically(pathOf(instanceDir), `${cidr}\n`);

/** Safe to repeat. */
export const forgetBlock = (instanceDir: string): Promise<void> => rm(pathOf(instanceDir), { force: true });

export const hasBlock = (instanceDir: string): Promise<boolean> => isThere(pathOf(instanceDir));

/** Names of the instances of a state folder, there or gone, whose network this host may keep unreachable. */
export const listBlockNames = async (stateDir: string): Promise<readonly string[]> => {
  const names = (await readdir(statePaths(stateDir).blockedDir).catch(ignoreAbsence)) ?? [];
  // no instance's name has a dot: that is a file that is being written
  return names.filter((name) => !name.includes('.')).toSorted();
};
