import { mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { debianEnvironment } from '../../../src/artifacts/runtime.ts';
import { apt, aptCommand, debianSource, packagesSource } from '../../../src/artifacts/sources/debian.ts';
import { explainFailure } from '../../../src/artifacts/sources/tool.ts';
import { confineTree } from '../../../src/lib/archive/confined.ts';
import { CommandError, type Runner } from '../../../src/lib/process/runner.ts';
import { failureOf } from '../../support/failure-of.ts';
import { fakeWork } from '../../support/work.ts';

test('apt works in a separate folder, and still verifies signatures', () => {
  const line = aptCommand('/d', 'update').join(' ');
  expect(line).toMatch(
    /^apt-get -o Dir::State=\/d\/state -o Dir::State::status=\/d\/state\/status -o Dir::Cache=\/d\/cache /,
  );
  expect(line).not.toMatch(/unauthenticated|insecure/i);
});

test('programs find their own libraries', () => {
  expect(debianEnvironment('/r', 'arm64')).toEqual({
    LD_LIBRARY_PATH: '/r/usr/lib/aarch64-linux-gnu:/r/lib/aarch64-linux-gnu',
    XTABLES_LIBDIR: '/r/usr/lib/aarch64-linux-gnu/xtables',
  });
});

test.each([
  ['E: Unable to locate package runc', 'apt does not find package runc: can its lists be downloaded?'],
  ['E: broken', 'apt failed: apt-get exited with 100: E: broken'],
])('explains %j', (stderr, message) =>
  expect(explainFailure(new CommandError(['apt-get'], { exitCode: 100, stderr }), apt)).toMatchObject({ message }));

/** apt and dpkg-deb as far as we use them; every unpacked program runs, but for those named. */
const debianRunner =
  (ran: string[], broken?: string): Runner =>
  async (command, options) => {
    const [program] = command;
    ran.push(program);
    if (program === 'apt-get' && command.includes('download')) {
      options?.onLine?.('Get:1 https://mirror.test bookworm/main amd64 runc amd64 1.1 [2,710 kB]');
      await writeFile(join(options?.cwd ?? '', 'runc_1.1_amd64.deb'), 'deb');
    }
    if (program === 'dpkg-deb') {
      await mkdir(join(command[3] ?? '', 'usr/sbin'), { recursive: true });
      await writeFile(join(command[3] ?? '', 'usr/sbin/iptables'), 'link to be replaced');
    }
    if (broken && program.endsWith(broken)) {
      throw new CommandError(command, { exitCode: 127, stderr: 'libseccomp.so.2: cannot open shared object file' });
    }
    return { exitCode: 0, stdout: '', stderr: '' };
  };

test('unpacks packages, makes the links that no script made, and runs each program once', async () => {
  const ran: string[] = [];
  const { work, told } = await fakeWork({ runner: debianRunner(ran) });
  const dir = join(work.cacheDir, 'item');
  await debianSource({ packages: ['runc', 'iptables'] }).make(dir, work);
  expect(await readlink(join(dir, 'usr/sbin/iptables'))).toBe('xtables-nft-multi');
  expect(await readlink(join(dir, 'usr/sbin/ip6tables-restore'))).toBe('xtables-nft-multi');
  expect(await readFile(join(dir, 'packages.txt'), 'utf8')).toBe('runc_1.1_amd64.deb\n');
  expect(ran.slice(0, 3)).toEqual(['apt-get', 'apt-get', 'dpkg-deb']);
  expect(ran).toContain(join(dir, 'usr/sbin/runc'));
  expect(told).toEqual([
    'downloading: package lists, waiting for apt',
    'downloading: 1 of 2 packages, now runc',
    'building: unpacking runc_1.1_amd64.deb',
  ]);
});

test('absolute links lead to the same place in the packages, so that none leads out; dangling ones go', async () => {
  const runner: Runner = async (command, options) => {
    const [program, , , dir = ''] = command;
    if (program === 'apt-get' && command.includes('download')) await writeFile(join(options?.cwd ?? '', 'a.deb'), '');
    if (program === 'dpkg-deb') {
      for (const folder of ['lib/x86', 'lib64']) await mkdir(join(dir, folder), { recursive: true });
      await writeFile(join(dir, 'lib/x86/ld.so'), 'linker');
      await symlink('/lib/x86/ld.so', join(dir, 'lib64/ld.so'));
      await symlink('/lib64/ld.so', join(dir, 'lib/x86/again'));
      await symlink('/etc/passwd', join(dir, 'lib/x86/another-package'));
    }
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  const { work } = await fakeWork({ runner });
  const dir = join(work.cacheDir, 'item');
  await packagesSource({ packages: ['libc6'] }).make(dir, work);
  await confineTree(dir, { allowOutsideLinks: false });
  expect(await readlink(join(dir, 'lib64/ld.so'))).toBe('../lib/x86/ld.so');
  expect(await readFile(join(dir, 'lib/x86/again'), 'utf8')).toBe('linker');
  expect(await readdir(join(dir, 'lib/x86'))).toEqual(['again', 'ld.so']);
});

test('a program that does not run does not count', async () => {
  const { work } = await fakeWork({ runner: debianRunner([], '/runc') });
  const error = await failureOf(debianSource({ packages: ['runc'] }).make(join(work.cacheDir, 'item'), work));
  expect(error).toMatchObject({ id: 'artifact.does-not-run' });
  expect(error.message).toContain('runc does not run here');
  expect(error.message).toContain('libseccomp.so.2');
});

test('reports a missing apt', async () => {
  const runner: Runner = (command) => Promise.reject(new CommandError(command, { reason: 'spawn apt-get ENOENT' }));
  const { work } = await fakeWork({ runner });
  const error = await failureOf(debianSource({ packages: [] }).make(join(work.cacheDir, 'item'), work));
  expect(error).toMatchObject({ id: 'artifact.apt-missing', message: 'no apt-get command on PATH' });
});
