import { spawnSync } from 'node:child_process';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findClosedFolder } from '../../../src/lib/process/closed-folder.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const nobody = { uid: 65_534, gid: 65_534 };

const closedHome = async () => {
  const dir = await temporaryDir();
  await chmod(dir, 0o755);
  const home = join(dir, 'root');
  await mkdir(join(home, 'taskgate'), { recursive: true });
  await chmod(home, 0o700);
  await chmod(join(home, 'taskgate'), 0o755);
  const program = join(home, 'taskgate', 'daemon.ts');
  await writeFile(program, '');
  return { dir, home, program };
};

test("a program below another user's closed home: the folder is named", async () => {
  const { home, program } = await closedHome();
  expect(findClosedFolder(['/bin/sh', '--flag', program], nobody)).toBe(home);
});

test('also behind a link', async () => {
  const { dir, home, program } = await closedHome();
  await symlink(program, join(dir, 'link'));
  expect(findClosedFolder([join(dir, 'link')], nobody)).toBe(home);
});

test.each([
  ['its own user', { uid: process.getuid?.() ?? 0, gid: 1 }],
  ['root', { uid: 0, gid: 0 }],
])('%s may enter it', async (_, owner) => {
  const { program } = await closedHome();
  expect(findClosedFolder([program], owner)).toBeUndefined();
});

test('its group may enter it where the mode says so', async () => {
  const { home, program } = await closedHome();
  await chmod(home, 0o750);
  const gid = process.getgid?.() ?? 0;
  expect(findClosedFolder([program], { uid: 65_534, gid })).toBeUndefined();
  expect(findClosedFolder([program], { uid: 65_534, gid: gid + 1 })).toBe(home);
});

test('a folder that the mode closes and something else opens, such as a file server, is open', async () => {
  const { home, program } = await closedHome();
  const asked: string[] = [];
  const isReached = (answer: boolean) => (path: string) => {
    asked.push(path);
    return answer;
  };
  expect(findClosedFolder(['/bin/sh', program], nobody, isReached(true))).toBeUndefined();
  expect(findClosedFolder(['/bin/sh', program], nobody, isReached(false))).toBe(home);
  // what every mode allows is not tried
  expect(asked).toEqual([program, program]);
});

const noAcl = process.getuid?.() !== 0 || spawnSync('setfacl', ['--version']).status !== 0;
test.skipIf(noAcl)('a home that an access list opens to the user is open', async () => {
  const { home, program } = await closedHome();
  const { status } = spawnSync('setfacl', ['-m', 'u:65534:x', home]);
  expect(findClosedFolder([program], nobody)).toBe(status === 0 ? undefined : home);
});

test('what is not there is closed to nobody', () => {
  expect(findClosedFolder(['/nowhere/x', 'relative/y'], nobody)).toBeUndefined();
});
