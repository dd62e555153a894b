import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Hierarchy } from './cgroups.ts';

/**
 * The devices that a node's processes may open, as cgroup v1 writes them (kernel's cgroup-v1/devices.rst): those of its /dev
 * and its terminals. runc grants no container others, since the node's containerd gives privileged ones no more devices.
 */
const allowed: readonly string[] = [
  // any device node may be made, but not opened: layers of images hold some, and runc makes its own
  ...['c *:* m', 'b *:* m'],
  ...['1:3', '1:5', '1:7', '1:8', '1:9', '5:0', '5:2', '136:*', '10:200', '10:229'].map((id) => `c ${id} rwm`),
];

/**
 * Keeps everything in these cgroups, which have no children yet, from opening other devices, such as the host's disk. Does
 * nothing without a v1 hierarchy of devices: cgroup v2 knows only eBPF programs for it.
 */
export const limitDevices = async (hierarchies: readonly Hierarchy[], paths: readonly string[]): Promise<void> => {
  const index = hierarchies.findIndex(({ options = '' }) => options.split(',').includes('devices'));
  const path = paths[index];
  if (path === undefined) return;
  await writeFile(join(path, 'devices.deny'), 'a');
  for (const entry of allowed) await writeFile(join(path, 'devices.allow'), entry);
};
