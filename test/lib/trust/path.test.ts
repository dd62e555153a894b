import { chmod, chown, lchown, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { trustPath } from '../../../src/lib/trust/path.ts';
import { trustedUids } from '../../../src/lib/trust/users.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const [sudoCaller, stranger] = [4321, 1234];
const trusted = trustedUids({ SUDO_UID: String(sudoCaller) }, 0);

const makeFolders = async () => {
  const dir = await temporaryDir();
  const bin = join(dir, 'node_modules', '.bin');
  await mkdir(bin, { recursive: true });
  return { dir, bin };
};

test('without anybody to trust, as for a user, PATH stays', () => {
  expect(trustPath('bin::/tmp', undefined)).toEqual({ path: 'bin::/tmp', left: [] });
});

test('folders of the system stay, relative ones go, and so do those that others could create', () => {
  expect(trustPath('/usr/bin:bin::/no/such/folder:/bin:/usr/bin', trusted)).toEqual({
    path: '/usr/bin:/bin',
    left: [
      { folder: 'bin', path: 'bin', why: 'is relative' },
      { folder: '', path: '.', why: 'is relative' },
    ],
  });
});

test('what is no folder goes quietly, links that lead nowhere or in circles with a note: none of them is an error', async () => {
  const dir = await temporaryDir();
  const [nowhere, circle] = [join(dir, 'nowhere'), join(dir, 'circle')];
  await symlink('/no/such/folder', nowhere);
  await symlink('circle', circle);
  const own = trustedUids({}, process.getuid?.());
  expect(trustPath(`/bin:/etc/passwd/bin:${nowhere}:${circle}:${circle}/bin`, own)).toEqual({
    path: '/bin',
    left: [
      { folder: nowhere, path: nowhere, why: expect.stringMatching(/^cannot be judged: ENOENT/) },
      { folder: circle, path: circle, why: expect.stringMatching(/^cannot be judged: ELOOP/) },
      { folder: `${circle}/bin`, path: `${circle}/bin`, why: expect.stringMatching(/^cannot be judged: ELOOP/) },
    ],
  });
});

describe.skipIf(process.getuid?.() !== 0)('folders of users', () => {
  test("root's and the caller's of sudo stay", async () => {
    const { bin } = await makeFolders();
    expect(trustPath(`${bin}:/bin`, trusted)).toEqual({ path: `${bin}:/bin`, left: [] });
    await chown(bin, sudoCaller, sudoCaller);
    expect(trustPath(bin, trusted)).toEqual({ path: bin, left: [] });
  });

  test.each(['dir', 'bin'] as const)("%s is a stranger's: it goes", async (which) => {
    const folders = await makeFolders();
    const { bin } = folders;
    await chown(folders[which], stranger, stranger);
    expect(trustPath(`${bin}:/bin`, trusted)).toEqual({
      path: '/bin',
      left: [{ folder: bin, path: folders[which], why: 'belongs to user 1234' }],
    });
  });

  test('one that all may write to goes', async () => {
    const { dir, bin } = await makeFolders();
    await chmod(dir, 0o777);
    const why = 'can be changed by other users (mode 777, group 0)';
    expect(trustPath(bin, trusted)).toEqual({ path: '', left: [{ folder: bin, path: dir, why }] });
  });

  test("a link in a folder of root's to one of a stranger goes, and a stranger's link", async () => {
    const [{ dir, bin }, other] = [await makeFolders(), await makeFolders()];
    const link = join(dir, 'link');
    await symlink(other.bin, link);
    expect(trustPath(link, trusted).path).toBe(link);
    await chown(other.bin, stranger, stranger);
    expect(trustPath(link, trusted).left).toEqual([{ folder: link, path: other.bin, why: 'belongs to user 1234' }]);
    await lchown(link, stranger, stranger);
    expect(trustPath(link, trusted).left).toMatchObject([{ folder: link, path: link }]);
    expect(bin).toContain(dir);
  });
});
