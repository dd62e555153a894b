import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chooseSnapshotter, findSnapshotter } from '../../../../src/cluster/native/machine/snapshotter.ts';
import { CommandError, type Runner } from '../../../../src/lib/process/runner.ts';
import { temporaryDir } from '../../../support/temporary-dir.ts';

const works: Runner = async () => ({ exitCode: 0, stdout: '', stderr: '' });
const refuses: Runner = async (command) => {
  throw new CommandError(command, { exitCode: 32, stderr: 'mount: wrong fs type, bad option, bad superblock' });
};

test.each([
  ['takes an overlay', works, 'overlayfs'],
  // the home of a container lies on overlayfs, others on NFS or ZFS
  ['refuses an overlay', refuses, 'native'],
] as const)('a file system that %s: %s', async (_, runner, snapshotter) => {
  const folder = await temporaryDir();
  expect(await chooseSnapshotter(join(folder, 'node'), runner)).toBe(snapshotter);
  expect(await readdir(join(folder, 'node'))).toEqual([]);
});

test.each([
  ['    snapshotter = "native"\n', 'native'],
  ['    snapshotter = "overlayfs"\n', 'overlayfs'],
])('a node that runs keeps what its containerd has: %j', async (text, snapshotter) => {
  const path = join(await temporaryDir(), 'containerd.toml');
  await writeFile(path, text);
  expect(await findSnapshotter(path)).toBe(snapshotter);
});

test('a node that was never started has the usual one', async () => {
  expect(await findSnapshotter('/nowhere/containerd.toml')).toBe('overlayfs');
});
