import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findTextFile, isThere } from '../../../lib/files.ts';
import type { Command, Runner } from '../../../lib/process/runner.ts';
import { lastWords } from './last-words.ts';

/**
 * How containerd keeps the layers of images: `overlayfs` stacks them, `native` copies each in full (some 1.3 GB instead of
 * 0.4), on any file system.
 */
export type Snapshotter = 'overlayfs' | 'native';

/**
 * Mounts an overlay in $1 as containerd does, and does in it what images do: deletes a file of the lowest layer, replaces
 * a folder. A file system may take the mount (NFS, XFS without ftype) and fail there.
 */
const script = [
  'set -e; mkdir -p "$1/low/old" "$1/middle" "$1/up" "$1/work" "$1/all"; echo x > "$1/low/file"',
  `mount -t overlay -o "$2lowerdir=$1/middle:$1/low,upperdir=$1/up,workdir=$1/work" overlay "$1/all"`,
  'rm "$1/all/file"; rmdir "$1/all/old"; mkdir "$1/all/old"; echo y > "$1/all/old/new"',
  'for name in "$1/all"/*; do test "$name" = "$1/all/old" || { echo "a deleted file is still listed" >&2; exit 1; }; done',
].join('\n');

/** As containerd's overlay plugin: without it, some kernels keep file handles that network file systems do not have. */
const indexParameter = '/sys/module/overlay/parameters/index';

const overlayCommand = (folder: string, options: string, unshare: string): Command => [
  unshare,
  ...['--mount', 'sh', '-c', script, 'overlay', folder, options],
];

/** Why an overlay on this folder's file system does not work; undefined where it does. Leaves nothing behind. */
export const findOverlayProblem = async (
  folder: string,
  runner: Runner,
  unshare = 'unshare',
): Promise<string | undefined> => {
  const trial = await mkdtemp(join(folder, 'overlay-'));
  const options = (await isThere(indexParameter)) ? 'index=off,' : '';
  try {
    await runner(overlayCommand(trial, options, unshare), { timeoutMs: 30_000 });
    return undefined;
  } catch (error) {
    return lastWords(error);
  } finally {
    await rm(trial, { recursive: true, force: true });
  }
};

/** The snapshotter for a node whose data are in this folder, which is made. */
export const chooseSnapshotter = async (nodeDir: string, runner: Runner, unshare?: string): Promise<Snapshotter> => {
  await mkdir(nodeDir, { recursive: true, mode: 0o700 });
  return (await findOverlayProblem(nodeDir, runner, unshare)) === undefined ? 'overlayfs' : 'native';
};

/** The snapshotter of a node that runs, from its containerd's configuration. */
export const findSnapshotter = async (containerdConfig: string): Promise<Snapshotter> =>
  /^\s*snapshotter = "native"/m.test((await findTextFile(containerdConfig)) ?? '') ? 'native' : 'overlayfs';
