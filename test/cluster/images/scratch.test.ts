import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inScratch, removeScratch } from '../../../src/cluster/images/scratch.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

test('the folder goes with the work, also where that fails', async () => {
  const dir = join(await temporaryDir(), 'instance');
  const found = await inScratch(dir, async (folder) => {
    await writeFile(join(folder, 'a.tar'), '');
    return readdir(dir);
  });
  expect(found).toEqual([expect.stringMatching(/^images-\w{6}$/)]);
  await expect(inScratch(dir, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await readdir(dir)).toEqual([]);
});

test('what a killed command has left goes, and nothing else: no other name, and not what a link names', async () => {
  const dir = await temporaryDir();
  const other = await temporaryDir();
  await writeFile(join(other, 'mine'), 'mine');
  for (const name of ['images-Ab3xYz', 'images-notes', 'images', 'logs']) await mkdir(join(dir, name));
  await writeFile(join(dir, 'images-Ab3xYz', 'image.tar'), '');
  await symlink(other, join(dir, 'images-linked'));
  await symlink(other, join(dir, 'images-link12'));
  await removeScratch(dir);
  expect((await readdir(dir)).toSorted()).toEqual(['images', 'images-notes', 'logs']);
  expect(await readFile(join(other, 'mine'), 'utf8')).toBe('mine');
});
