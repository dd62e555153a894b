import { chmod, chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { verifyOwnFolder } from '../../../src/artifacts/bundle/own-folder.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const [caller, stranger] = [4321, 1234];

const makeFolder = async () => {
  const dir = await temporaryDir();
  await writeFile(join(dir, 'bundle.json'), '{}', { mode: 0o644 });
  return dir;
};

const verify = (dir: string, callerUid?: number) => verifyOwnFolder(dir, 'bundle.json', callerUid);

test("the user's own is a bundle by the user's word; one that everybody can change is not", async () => {
  const dir = await makeFolder();
  await verify(dir);
  await chmod(join(dir, 'bundle.json'), 0o646);
  await expect(verify(dir)).rejects.toMatchObject({
    id: 'artifact.bundle-unproven',
    message: expect.stringMatching(/bundle\.json can be changed by other users \(mode 646, group \d+\)$/),
  });
});

describe.skipIf(process.getuid?.() !== 0)('as root', () => {
  test("a group of the user's own may write, as with a umask of 002; another group may not", async () => {
    const dir = await makeFolder();
    await chown(dir, caller, caller);
    await chmod(dir, 0o775);
    await verify(dir, caller);
    await chown(dir, caller, stranger);
    await expect(verify(dir, caller)).rejects.toThrow('(mode 775, group 1234)');
  });

  test('a folder of another user than the caller of sudo is refused', async () => {
    const dir = await makeFolder();
    await chown(dir, stranger, stranger);
    await expect(verify(dir, caller)).rejects.toThrow(`${dir} belongs to user 1234`);
  });
});
