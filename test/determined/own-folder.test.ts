import { mkdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeOwnFolder } from '../../src/determined/own-folder.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

test('a folder is made for its owner alone, and stays as it is', async () => {
  const dir = join(await temporaryDir(), 'a', 'determined');
  await makeOwnFolder(dir);
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
  await expect(makeOwnFolder(dir)).resolves.toBeUndefined();
});

test('a link in its place is refused, wherever it leads', async () => {
  const home = await temporaryDir();
  await mkdir(join(home, 'elsewhere'));
  await symlink('elsewhere', join(home, 'determined'));
  await expect(makeOwnFolder(join(home, 'determined'))).rejects.toMatchObject({
    id: 'environment.instance-damaged',
    hint: `remove it: rm ${join(home, 'determined')}`,
  });
});
