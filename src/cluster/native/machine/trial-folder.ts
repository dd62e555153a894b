import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ignoreAbsence, nearestThere } from '../../../lib/files.ts';

const prefix = '.taskgate-trial-';

/** Longer than any trial takes: what is older was left by one that was killed. */
const leftMs = 10 * 60_000;

/** Removes folders of trials that were killed. Those of others, and of one that runs now, stay. */
const removeLeft = async (parent: string): Promise<void> => {
  const names = (await readdir(parent)).filter((name) => name.startsWith(prefix));
  for (const path of names.map((name) => join(parent, name))) {
    const found = await lstat(path).catch(ignoreAbsence);
    const isLeft = found?.isDirectory() && found.uid === process.getuid?.() && Date.now() - found.mtimeMs > leftMs;
    if (isLeft) await rm(path, { recursive: true, force: true });
  }
};

/**
 * Does something with a folder that is gone afterwards, on the file system of an instance's folder: in the state folder, or
 * the nearest one above it that is there. Not among the instances, which others list.
 */
export const withTrialFolder = async <T>(instanceDir: string, work: (folder: string) => Promise<T>): Promise<T> => {
  const parent = await nearestThere(dirname(dirname(instanceDir)));
  await removeLeft(parent);
  const folder = await mkdtemp(join(parent, prefix));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
