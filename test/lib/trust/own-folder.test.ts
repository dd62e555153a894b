import { mkdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { giveEntry, inFolder, namesIn } from '../../../src/lib/trust/own-folder.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const isRoot = process.getuid?.() === 0;
const isLinux = process.platform === 'linux';

const makeFolders = async () => {
  const dir = await temporaryDir();
  const [mine, other] = [join(dir, 'mine'), join(dir, 'other')];
  for (const folder of [mine, other]) {
    await mkdir(folder);
    await writeFile(join(folder, 'file'), folder);
  }
  return { dir, mine, other };
};

test.skipIf(!isLinux)('a folder that is replaced by a link meanwhile stays the one that was opened', async () => {
  const { mine, other } = await makeFolders();
  const read: string[] = [];
  await inFolder(mine, async (held) => {
    await rename(mine, `${mine}.old`);
    await symlink(other, mine);
    read.push(await readFile(join(held, 'file'), 'utf8'), ...(await namesIn(held)));
  });
  expect(read).toEqual([mine, 'file']);
});

test.skipIf(!isLinux || !isRoot)(
  'a file is given away in the folder that was opened, not in the one of its name',
  async () => {
    const { mine, other } = await makeFolders();
    await inFolder(mine, async (held) => {
      await rename(mine, `${mine}.old`);
      await symlink(other, mine);
      await giveEntry({ uid: 4321, gid: 4322 }, join(held, 'file'));
      await giveEntry({ uid: 4321, gid: 4322 }, join(held, 'none'));
    });
    expect(await stat(join(`${mine}.old`, 'file'))).toMatchObject({ uid: 4321, gid: 4322 });
    expect(await stat(join(other, 'file'))).toMatchObject({ uid: 0 });
  },
);

test.skipIf(!isRoot)("another user's file stays that user's", async () => {
  const { mine } = await makeFolders();
  const path = join(mine, 'file');
  await giveEntry({ uid: 4321, gid: 4322 }, path);
  await giveEntry({ uid: 5321, gid: 5322 }, path);
  expect(await stat(path)).toMatchObject({ uid: 4321, gid: 4322 });
});

test.each(['a link', 'a file', 'nothing'])('no work is done in %s', async (what) => {
  const { dir, other } = await makeFolders();
  const path = join(dir, 'place');
  if (what === 'a link') await symlink(other, path);
  if (what === 'a file') await writeFile(path, '');
  const done: string[] = [];
  const work = inFolder(path, async (held) => void done.push(held));
  if (what === 'nothing') await work;
  else await expect(work).rejects.toThrow(`${path} is a link, or no folder`);
  expect(done).toEqual([]);
});
