import { mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { withTrialFolder } from '../../../../src/cluster/native/machine/trial-folder.ts';
import { temporaryDir } from '../../../support/temporary-dir.ts';

const setUp = async () => {
  const stateDir = join(await temporaryDir(), 'taskgate');
  const instanceDir = join(stateDir, 'instances', 'dev');
  await mkdir(instanceDir, { recursive: true });
  return { stateDir, instanceDir, place: () => withTrialFolder(instanceDir, async (folder) => dirname(folder)) };
};

test('the folder of a trial lies beside the instances, and is gone afterwards', async () => {
  const { stateDir, place } = await setUp();
  expect(await place()).toBe(stateDir);
  expect(await readdir(stateDir)).toEqual(['instances']);
});

test('it is gone after a trial that failed, too', async () => {
  const { stateDir, instanceDir } = await setUp();
  await expect(withTrialFolder(instanceDir, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await readdir(stateDir)).toEqual(['instances']);
});

test('before the first instance: in the nearest folder that is there', async () => {
  const home = await temporaryDir();
  const instanceDir = join(home, '.local', 'state', 'taskgate', 'instances', 'dev');
  expect(await withTrialFolder(instanceDir, async (folder) => dirname(folder))).toBe(home);
});

test('what a killed trial left is removed by the next one; one that runs now is left alone, and no link is followed', async () => {
  const { stateDir, place } = await setUp();
  const other = await temporaryDir();
  await writeFile(join(other, 'file'), 'mine');
  for (const name of ['.taskgate-trial-killed', '.taskgate-trial-runs']) {
    await mkdir(join(stateDir, name));
    await writeFile(join(stateDir, name, 'unshare'), '');
  }
  await symlink(other, join(stateDir, '.taskgate-trial-link'));
  const hourAgo = Date.now() / 1_000 - 3_600;
  await utimes(join(stateDir, '.taskgate-trial-killed'), hourAgo, hourAgo);
  await utimes(other, hourAgo, hourAgo);
  await place();
  expect(await readdir(stateDir)).toEqual(['.taskgate-trial-link', '.taskgate-trial-runs', 'instances']);
  expect(await readdir(other)).toEqual(['file']);
});
