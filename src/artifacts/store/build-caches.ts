import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isThere } from '../../lib/files.ts';

/** The go command's folders: its modules and what it has compiled, some 9 GB for all programs. */
export const goDirs = (cacheDir: string) => {
  const dir = join(cacheDir, 'go');
  return { dir, mod: join(dir, 'mod'), build: join(dir, 'build') };
};

/**
 * Removes what only builds need. While a build is unfinished it stays: the next run continues with it. Only the holder of
 * the cache's lock does so. `onBegin` is called where there is something to remove, which takes
 * some seconds. Tested in test/artifacts/store/usage.test.ts.
 */
export const removeBuildCaches = async (cacheDir: string, onBegin: () => void): Promise<void> => {
  const { dir } = goDirs(cacheDir);
  if (!(await isThere(dir))) return;
  onBegin();
  await rm(dir, { recursive: true, force: true });
};
