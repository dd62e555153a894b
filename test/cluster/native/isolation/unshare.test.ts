import { access, constants, lstat, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findUnshare, isConfined } from '../../../../src/cluster/native/isolation/unshare.ts';
import { temporaryDir } from '../../../support/temporary-dir.ts';

test.each([
  ['unshare (enforce)', true],
  ['unshare (kill)', true],
  ['unshare (complain)', false],
  ['unpriv_unshare (enforce)', false],
  ['unshare//child (enforce)', false],
  ['', false],
])('AppArmor lists "%s": confined %s', (line, confined) => {
  expect(isConfined(`cups-browsed (enforce)\n${line}\nvirt-aa-helper (enforce)\n`)).toBe(confined);
});

test('where a profile takes the capabilities from the path of unshare, a copy elsewhere creates the namespaces', async () => {
  const folder = await temporaryDir();
  const profiles = join(folder, 'profiles');
  await writeFile(profiles, 'unshare (enforce)\n');
  const copy = await findUnshare(folder, profiles);
  expect(copy).toBe(join(folder, 'unshare'));
  await access(copy, constants.X_OK);
});

test('a link in the place of the copy is replaced: the file that it names keeps what it has', async () => {
  const folder = await temporaryDir();
  const [profiles, victim] = [join(folder, 'profiles'), join(folder, 'victim')];
  await writeFile(profiles, 'unshare (enforce)\n');
  await writeFile(victim, 'mine');
  await symlink(victim, join(folder, 'unshare'));
  const copy = await findUnshare(folder, profiles);
  expect(await readFile(victim, 'utf8')).toBe('mine');
  expect((await lstat(copy)).isFile()).toBe(true);
});

test('a second start makes the copy anew, in a folder for its owner only', async () => {
  const parent = await temporaryDir();
  const profiles = join(parent, 'profiles');
  await writeFile(profiles, 'unshare (enforce)\n');
  const copy = await findUnshare(join(parent, 'node'), profiles);
  await writeFile(copy, 'of another version');
  expect(await findUnshare(join(parent, 'node'), profiles)).toBe(copy);
  expect(await readFile(copy, 'utf8')).not.toContain('of another version');
  expect((await lstat(join(parent, 'node'))).mode & 0o777).toBe(0o700);
});

test.each(['none', 'profiles'])("without such a profile (%s) it is the system's", async (name) => {
  const folder = await temporaryDir();
  await writeFile(join(folder, 'profiles'), 'cupsd (enforce)\n');
  expect(await findUnshare(folder, join(folder, name))).toBe('unshare');
});
