import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** mkdtemp's six characters. */
const isScratch = (name: string): boolean => /^images-[A-Za-z0-9]{6}$/.test(name);

/** Works in a folder of its own for archives, beside an instance's files, and removes it. */
export const inScratch = async <T>(instanceDir: string, work: (folder: string) => Promise<T>): Promise<T> => {
  await mkdir(instanceDir, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(instanceDir, 'images-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Removes the gigabytes of a command that was killed. Only for who alone loads images into that instance. */
export const removeScratch = async (instanceDir: string): Promise<void> => {
  const left = (await readdir(instanceDir)).filter(isScratch);
  await Promise.all(left.map((name) => rm(join(instanceDir, name), { recursive: true, force: true })));
};
