import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { closureCommand } from '../../../src/artifacts/task-image/packages.ts';
import { taskArchiveName, taskImageSource } from '../../../src/artifacts/task-image/source.ts';
import { isThere, sha256 } from '../../../src/lib/files.ts';
import type { Runner } from '../../../src/lib/process/runner.ts';
import { taskImageRef } from '../../../src/model/images/task-image.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';
import { fakeWork } from '../../support/work.ts';

const pin = {
  version: '0.38.1',
  packages: ['bash', 'python3'],
  determined: { file: 'determined.txt', sha256: sha256('d') },
  jupyterlab: { file: 'jupyterlab.txt', sha256: sha256('j') },
};

const optionOf = (command: readonly string[], option: string): string =>
  command.find((one) => one.startsWith(`${option}=`))?.split('=')[1] ?? '';

const downloadTo = async (archives: string): Promise<void> => {
  for (const deb of ['python3_3.deb', 'bash_5.deb']) await writeFile(join(archives, deb), deb);
};

const unpackInto = async (root: string, deb: string): Promise<void> => {
  for (const dir of ['bin', 'usr/bin', 'usr/share']) await mkdir(join(root, dir), { recursive: true });
  await writeFile(join(root, 'bin/bash'), 'bash', { mode: 0o755 });
  if (deb === 'python3_3.deb') await symlink('python3.11', join(root, 'usr/bin/python3'));
};

/** apt, dpkg-deb and a Python that installs one file, as far as they are used here. */
const tools =
  (ran: string[]): Runner =>
  async (command, options) => {
    const [program, , from = '', to = ''] = command;
    ran.push(`${basename(program)} ${basename(command.at(-1) ?? '')}`);
    if (program === 'dpkg-deb') await unpackInto(to, basename(from));
    if (command.includes('--download-only')) {
      await downloadTo(optionOf(command, 'Dir::Cache::archives'));
      options?.onLine?.('Get:1 https://mirror.test bookworm/main amd64 bash amd64 5 [1 kB]');
    }
    if (command.includes('pip'))
      await writeFile(join(optionOf(command, '--prefix'), 'bin/det'), '#!/usr/bin/python3\n');
    return { exitCode: 0, stdout: '', stderr: '' };
  };

const assemble = async (withJupyterlab: boolean) => {
  const templatesDir = await temporaryDir();
  await mkdir(join(templatesDir, 'python'));
  await writeFile(join(templatesDir, 'python/determined.txt'), 'd');
  await writeFile(join(templatesDir, 'python/jupyterlab.txt'), 'j');
  const ran: string[] = [];
  const fake = await fakeWork({ runner: tools(ran), templatesDir });
  const dir = join(fake.work.cacheDir, 'item');
  await taskImageSource(pin, { withJupyterlab }).make(dir, fake.work);
  return { dir, ran, ...fake };
};

test('apt gets the packages and what they need, and nothing that is only recommended', () => {
  const line = closureCommand('/a', ['bash', 'tar']).join(' ');
  expect(line).toMatch(/^apt-get .*Dir::State::status=\/a\/state\/status.*Dir::Cache::archives=\/a\/debs /);
  expect(line).toMatch(/--no-install-recommends --download-only install bash tar$/);
  expect(line).not.toMatch(/unauthenticated|insecure/i);
});

test('an archive of one image, and the list of its packages; nothing else stays', async () => {
  const { dir, ran, told } = await assemble(false);
  const archive = await readFile(join(dir, taskArchiveName), 'utf8');
  expect(archive).toContain(`"io.containerd.image.name":"${taskImageRef(pin, { withJupyterlab: false })}"`);
  expect(archive).toContain('"LANG=C.UTF-8"');
  expect(archive).toContain('#!/usr/bin/python3');
  expect(await readFile(join(dir, 'packages.txt'), 'utf8')).toBe('bash_5.deb\npython3_3.deb\n');
  for (const left of ['.tree', '.tree.layer']) expect(await isThere(`${dir}${left}`), left).toBe(false);
  expect(ran.slice(0, 5)).toEqual([
    'apt-get update',
    'apt-get python3',
    'dpkg-deb item.tree',
    'dpkg-deb item.tree',
    'ld-linux-x86-64.so.2 determined.txt',
  ]);
  expect(told).toContain('downloading: 1 packages of the distribution, now bash');
});

test('JupyterLab comes on top', async () => {
  const { ran, dir } = await assemble(true);
  expect(ran).toContain('ld-linux-x86-64.so.2 jupyterlab.txt');
  expect(await readFile(join(dir, taskArchiveName), 'utf8')).toContain(taskImageRef(pin, { withJupyterlab: true }));
});

test('assembled twice, it has the same digest', async () => {
  const [one, other] = [await assemble(false), await assemble(false)];
  const digests = await Promise.all(
    [one, other].map(async ({ dir }) => sha256(await readFile(join(dir, taskArchiveName)))),
  );
  expect(digests[0]).toBe(digests[1]);
});
