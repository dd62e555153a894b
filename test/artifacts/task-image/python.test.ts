import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  compileCommand,
  getPython,
  installCommand,
  installPackages,
} from '../../../src/artifacts/task-image/python.ts';
import { isThere, sha256 } from '../../../src/lib/files.ts';
import { CommandError, type Runner } from '../../../src/lib/process/runner.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';
import { fakeWork } from '../../support/work.ts';

const python = { root: '/tree', arch: 'arm64', name: 'python3.11' } as const;

test('the Python of the tree runs with its own libraries, and takes itself for the one of the image', () => {
  const command = installCommand(python, ['/a.txt', '/b.txt']);
  expect(command.slice(0, 6).join(' ')).toBe(
    '/tree/usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1 --argv0 /usr/bin/python3 --library-path /tree/usr/lib/aarch64-linux-gnu:/tree/lib/aarch64-linux-gnu /tree/usr/bin/python3.11',
  );
  for (const flag of ['--require-hashes', '--only-binary=:all:', '--no-deps', '--prefix=/tree/usr']) {
    expect(command).toContain(flag);
  }
  expect(command.slice(-4)).toEqual(['--requirement', '/a.txt', '--requirement', '/b.txt']);
});

test('compiled files depend on sources alone, and name no folder of this machine', () => {
  expect(compileCommand(python).join(' ')).toMatch(
    / -m compileall -qq --invalidation-mode=unchecked-hash -s \/tree -p \/ /,
  );
});

const makeTree = async (link: string) => {
  const root = await temporaryDir();
  await mkdir(join(root, 'usr/bin'), { recursive: true });
  await mkdir(join(root, 'usr/lib/python3.11'), { recursive: true });
  await writeFile(join(root, 'usr/lib/python3.11/EXTERNALLY-MANAGED'), '');
  if (link) await symlink(link, join(root, 'usr/bin/python3'));
  return root;
};

test('which Python the distribution has', async () => {
  expect(await getPython(await makeTree('python3.13'), 'amd64')).toMatchObject({ name: 'python3.13' });
});

test.each(['python3.9', ''])('one that is too old or absent (%j) is named', async (link) => {
  await expect(getPython(await makeTree(link), 'amd64')).rejects.toMatchObject({
    id: 'artifact.unavailable',
    message: `the packages of this distribution have ${link || 'no python3'}, and python3.10 or later is needed`,
    hint: 'build the image on Debian 12, Ubuntu 24.04 or later, or give --bundle',
  });
});

const setUp = async (runner: Runner) => {
  const templatesDir = await temporaryDir();
  await mkdir(join(templatesDir, 'python'));
  await writeFile(join(templatesDir, 'python/a.txt'), 'a==1');
  const root = await makeTree('python3.11');
  return { root, tree: { ...python, root }, ...(await fakeWork({ runner, templatesDir })) };
};

const good = { file: 'a.txt', sha256: sha256('a==1') };

test('installs, then compiles; tasks may install with pip', async () => {
  const ran: string[] = [];
  const { work, tree, root, told } = await setUp(async (command, options) => {
    ran.push(command[command.indexOf('-m') + 1] ?? '');
    expect(options?.env).toMatchObject({ PYTHONHOME: `${root}/usr`, PYTHONPATH: '', PYTHONNOUSERSITE: '1' });
    expect(options?.timeoutMs).toBe(1_200_000);
    for (const line of ['Collecting boto3==1', 'Installing collected packages: boto3']) options?.onLine?.(line);
    return { exitCode: 0, stdout: '', stderr: '' };
  });
  await installPackages(work, tree, [good]);
  expect(ran).toEqual(['pip', 'compileall']);
  expect(told).toEqual([
    'downloading: Python packages, waiting for pip',
    'downloading: 1 Python packages, now boto3',
    'building: installing 1 Python packages',
    'building: compiling Python packages',
  ]);
  expect(await isThere(join(root, 'usr/lib/python3.11/EXTERNALLY-MANAGED'))).toBe(false);
});

test('a list that is not the pinned one is refused before anything is fetched', async () => {
  const { work, tree } = await setUp(() => Promise.reject(new Error('nothing may run')));
  await expect(installPackages(work, tree, [{ ...good, sha256: 'x' }])).rejects.toMatchObject({
    id: 'artifact.checksum',
    message: expect.stringMatching(/python\/a\.txt is not the pinned list of packages$/),
  });
});

test('a wheel that is not the one of the list is refused', async () => {
  const stderr = 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.';
  const { work, tree } = await setUp(async (command) => {
    throw new CommandError(command, { exitCode: 1, stderr });
  });
  await expect(installPackages(work, tree, [good])).rejects.toMatchObject({
    id: 'artifact.checksum',
    message: 'a Python package: the wheel that pip downloaded is not the pinned one',
  });
});
