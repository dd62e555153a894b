import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { $ } from 'zx';
import { hasCode } from '../../src/lib/errors.ts';
import { isThere } from '../../src/lib/files.ts';
import type { Rig } from './build.ts';

const keptRoot = ({ cacheDir, nodeImage }: Rig): string => join(cacheDir, 'docker-roots', nodeImage.key);

/** Layers are shared by hard links, for Docker never changes one in place; what it does change, its databases, is copied. */
const copyRoot = async (from: string, to: string): Promise<void> => {
  await mkdir(to, { mode: 0o710 });
  await $`cp -al ${from}/overlay2 ${to}/overlay2`;
  await $`find ${from} -mindepth 1 -maxdepth 1 ! -name overlay2 -exec cp -a -t ${to} {} +`;
};

/** Gives a run a data root of its own with the node image in it, if one is kept; tells whether. */
export const seedDataRoot = async (rig: Rig, runDir: string): Promise<boolean> => {
  if (!(await isThere(keptRoot(rig)))) return false;
  await copyRoot(keptRoot(rig), join(runDir, 'docker'));
  return true;
};

/** Keeps what a daemon that is at rest has in its data root, for later runs. */
export const keepDataRoot = async (rig: Rig, runDir: string): Promise<void> => {
  const kept = keptRoot(rig);
  const draft = `${kept}.${process.pid}`;
  await mkdir(join(kept, '..'), { recursive: true });
  await copyRoot(join(runDir, 'docker'), draft);
  try {
    await rename(draft, kept);
  } catch (error) {
    // another run was faster
    if (!hasCode(error, 'ENOTEMPTY') && !hasCode(error, 'EEXIST')) throw error;
    await rm(draft, { recursive: true });
  }
};
