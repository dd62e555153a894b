import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verifyFolderOf } from '../../src/commands/named-file.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

test('a file in a folder that is not there is refused, and the folder not made', async () => {
  const dir = await temporaryDir();
  const file = join(dir, 'nope', 'x.yaml');
  await expect(verifyFolderOf(file)).rejects.toMatchObject({
    id: 'usage.output',
    message: `cannot write ${file}: there is no folder ${join(dir, 'nope')}`,
  });
  expect(await readdir(dir)).toEqual([]);
  await verifyFolderOf(join(dir, 'x.yaml'));
  await verifyFolderOf('x.yaml');
});
