import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { treeEntries } from '../../../src/artifacts/task-image/layer.ts';
import { writeTar } from '../../../src/lib/archive/tar.ts';
import { sha256 } from '../../../src/lib/files.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

/** The same tree, as whoever has this umask writes it. */
const makeTree = async (modes: { readonly dir: number; readonly file: number; readonly program: number }) => {
  const root = await temporaryDir();
  for (const path of ['usr', 'usr/bin', 'tmp', 'root', 'etc']) await mkdir(join(root, path));
  const files = [
    ['usr/bin/su', modes.program] as const,
    ['etc/shadow', modes.file] as const,
    ['etc/a', modes.file] as const,
  ];
  for (const [path, mode] of files) {
    await writeFile(join(root, path), path);
    await chmod(join(root, path), mode);
  }
  for (const path of ['usr/bin', 'usr', 'tmp', 'root', 'etc']) await chmod(join(root, path), modes.dir);
  await symlink('usr/bin', join(root, 'bin'));
  return root;
};

const layerOf = async (root: string) => {
  const path = join(await temporaryDir(), 'layer.tar');
  const { sha256: digest } = await writeTar(path, await treeEntries(root));
  return { path, digest };
};

test('all of the tree, sorted, folders before what is in them; links stay links', async () => {
  const entries = await treeEntries(await makeTree({ dir: 0o755, file: 0o644, program: 0o755 }));
  expect(entries.map(({ name, mode, type }) => `${type} ${name} ${mode.toString(8)}`)).toEqual([
    'symlink bin 777',
    'directory etc/ 755',
    'file etc/a 644',
    'file etc/shadow 640',
    'directory root/ 700',
    'directory tmp/ 1777',
    'directory usr/ 755',
    'directory usr/bin/ 755',
    'file usr/bin/su 755',
  ]);
  expect(entries[0]).toMatchObject({ target: 'usr/bin' });
});

test('whoever assembles it, with whatever umask and set-id bits, the layer is the same', async () => {
  const usual = await layerOf(await makeTree({ dir: 0o755, file: 0o644, program: 0o4755 }));
  const own = await layerOf(await makeTree({ dir: 0o700, file: 0o600, program: 0o700 }));
  expect(own.digest).toBe(usual.digest);
  expect(sha256(await readFile(own.path))).toBe(usual.digest);
});
