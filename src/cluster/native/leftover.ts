// Tested in test/process/leftover.test.ts
import { readFile } from 'node:fs/promises';
import type { NativeResource } from '../../instance/record.ts';
import { isThere } from '../../lib/files.ts';
import type { Runner } from '../../lib/process/runner.ts';
import { bySystemPath } from '../../lib/process/system-path.ts';
import { unblockNetworks } from './block.ts';
import { cgroupPaths, parseHierarchies } from './isolation/cgroups.ts';
import { instanceHash, linkName } from './link.ts';
import { removeResource } from './resources.ts';

/** The name of an instance's cgroups, which tells two state folders apart. */
export const cgroupLabel = (name: string, instanceDir: string): string => `${name}-${instanceHash(instanceDir)}`;

/** The name of the cgroups of a trial: see machine/trial.ts. */
export const trialLabel = (instanceDir: string): string => `trial-${instanceHash(instanceDir)}`;

const existing = async (paths: readonly string[]): Promise<readonly string[]> => {
  const found = await Promise.all(paths.map(isThere));
  return paths.filter((_, index) => found[index]);
};

/**
 * What is there of an instance's node by its names alone: its record may be gone (the folder was removed while it ran). All
 * processes of a node are in its cgroups.
 */
export const findLeftover = async (name: string, instanceDir: string): Promise<readonly NativeResource[]> => {
  if (process.platform !== 'linux') return [];
  const hierarchies = parseHierarchies(await readFile('/proc/self/mountinfo', 'utf8'));
  const labels = [cgroupLabel(name, instanceDir), trialLabel(instanceDir)];
  const paths = await existing(labels.flatMap((label) => cgroupPaths(hierarchies, label)));
  const link = linkName(instanceDir);
  const hasLink = await isThere(`/sys/class/net/${link}`);
  return [
    ...(paths.length > 0 ? [{ kind: 'cgroups', paths } as const] : []),
    ...(hasLink ? [{ kind: 'link', name: link } as const] : []),
  ];
};

/** Ends a node that no record knows; false where there is none. */
export const endLeftover = async (name: string, instanceDir: string, runner: Runner): Promise<boolean> => {
  const leftover = await findLeftover(name, instanceDir);
  const bySystem = bySystemPath(runner);
  for (const resource of leftover) await removeResource(resource, bySystem);
  if (leftover.length > 0) await unblockNetworks(instanceDir, bySystem);
  return leftover.length > 0;
};
