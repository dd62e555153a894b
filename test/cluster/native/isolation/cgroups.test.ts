import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  cgroupMounts,
  cgroupPaths,
  delegateCgroupV2,
  handOutControllers,
  isOwnCgroup,
  joinedCgroupPaths,
  nodeCgroupPaths,
  parseHierarchies,
} from '../../../../src/cluster/native/isolation/cgroups.ts';
import { mountSteps } from '../../../../src/cluster/native/isolation/mount.ts';
import { makeNodeCgroups } from '../../../../src/cluster/native/isolation/node-cgroups.ts';
import { temporaryDir } from '../../../support/temporary-dir.ts';

const v1 = `26 25 0:23 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
27 26 0:24 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
28 26 0:25 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset,clone_children
29 26 0:26 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/lib/x,name=systemd
30 26 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate`;

test('finds every hierarchy of a hybrid host', () => {
  expect(parseHierarchies(v1)).toEqual([
    { path: '/sys/fs/cgroup/cpu,cpuacct', options: 'cpu,cpuacct' },
    { path: '/sys/fs/cgroup/cpuset', options: 'cpuset' },
    { path: '/sys/fs/cgroup/systemd', options: 'none,name=systemd' },
    { path: '/sys/fs/cgroup/unified' },
  ]);
});

const mount = (source: string, target: string, type: string, options: string) => ({ source, target, type, options });

test('mounts the v1 hierarchies under their own names', () => {
  expect(cgroupMounts(parseHierarchies(v1))).toEqual([
    mount('cgroup', '/sys/fs/cgroup', 'tmpfs', 'mode=755'),
    mount('cgroup', '/sys/fs/cgroup/cpu,cpuacct', 'cgroup', 'cpu,cpuacct'),
    mount('cgroup', '/sys/fs/cgroup/cpuset', 'cgroup', 'cpuset'),
    mount('cgroup', '/sys/fs/cgroup/systemd', 'cgroup', 'none,name=systemd'),
  ]);
});

test('mounts the one hierarchy of a pure v2 host', () => {
  const hierarchies = parseHierarchies('35 25 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate');
  expect(cgroupMounts(hierarchies)).toEqual([mount('cgroup2', '/sys/fs/cgroup', 'cgroup2', 'defaults')]);
});

test('mounts one by one, for who has no table', () => {
  expect(mountSteps([mount('cgroup', '/sys/fs/cgroup', 'tmpfs', 'mode=755')])).toEqual([
    { run: ['mkdir', '-p', '/sys/fs/cgroup'] },
    { run: ['mount', '-t', 'tmpfs', '-o', 'mode=755', 'cgroup', '/sys/fs/cgroup'] },
  ]);
});

const v2Folder = async (): Promise<string> => {
  const root = await temporaryDir();
  for (const path of [root, ...nodeCgroupPaths([root])]) {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'cgroup.controllers'), 'cpu memory pids\n');
  }
  await writeFile(join(root, 'node', 'cgroup.procs'), '7\n');
  return root;
};

test('on v2 the processes move to a leaf, and both folders above it hand down their controllers', async () => {
  const root = await v2Folder();
  await writeFile(join(root, 'cgroup.subtree_control'), 'cpu memory pids\n');
  await delegateCgroupV2([{ path: root }], [root]);
  const read = (name: string) => readFile(join(root, name), 'utf8');
  expect(await read('cgroup.subtree_control')).toBe('+cpu +memory +pids');
  expect(await read('node/cgroup.subtree_control')).toBe('+cpu +memory +pids');
  expect(await read('node/keeper/cgroup.procs')).toBe('7');
});

test.each([
  // systemd without a login, the cgroup of a container, one with all of them
  ['memory pids\n', '+cpu'],
  ['\n', '+cpu +memory +pids'],
  ['cpuset cpu io memory hugetlb pids\n', 'cpuset cpu io memory hugetlb pids\n'],
])('of the controllers that a node needs, the root hands out "%s": what is missing is added', async (given, written) => {
  const root = await temporaryDir();
  const file = join(root, 'cgroup.subtree_control');
  await writeFile(file, given);
  await handOutControllers([{ path: root }]);
  expect(await readFile(file, 'utf8')).toBe(written);
});

test('on v1 nothing is handed out', async () => {
  await expect(handOutControllers([{ path: '/sys/fs/cgroup/cpu', options: 'cpu' }])).resolves.toBeUndefined();
});

test('on v1 nothing is delegated', async () => {
  const root = await v2Folder();
  await delegateCgroupV2([{ path: '/sys/fs/cgroup/cpu', options: 'cpu' }, { path: '/sys/fs/cgroup/unified' }], [root]);
  await expect(readFile(join(root, 'cgroup.subtree_control'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a hierarchy that is mounted elsewhere has cgroups of ours too, and no other folder has', () => {
  const elsewhere = parseHierarchies('35 25 0:30 / /dev/cgroup rw - cgroup2 cgroup2 rw');
  const [path = ''] = cgroupPaths(elsewhere, 'dev-1a2b3c4d');
  expect(path).toBe('/dev/cgroup/taskgate-dev-1a2b3c4d');
  expect(isOwnCgroup(path, elsewhere)).toBe(true);
  for (const foreign of [
    '/dev/cgroup/system.slice',
    '/dev/cgroup/a/taskgate-x',
    '/dev/cgroup/taskgate-x/../y',
    '/tmp/taskgate-x',
  ]) {
    expect(isOwnCgroup(foreign, elsewhere)).toBe(false);
  }
});

test('a process joins the folders of a node; of cgroup v2 the one below, which alone takes processes', async () => {
  const [v1, v2] = [await temporaryDir(), await temporaryDir()];
  await mkdir(join(v2, 'node', 'keeper'), { recursive: true });
  expect(await joinedCgroupPaths([v1, v2])).toEqual([join(v1, 'node'), join(v2, 'node', 'keeper')]);
});

test('cgroups that the kernel refuses are an error with an id, and no bug', async () => {
  const root = await temporaryDir();
  const path = join(root, 'taskgate-dev');
  await writeFile(path, 'a file where the folder would be');
  const limits = { memoryMb: 1, machineMb: 2, pids: 1 };
  await expect(makeNodeCgroups([{ path: root, options: 'cpu' }], [path], limits)).rejects.toMatchObject({
    id: 'environment.cgroups',
    message: expect.stringMatching(/^the cgroups of the node cannot be made: E/),
    hint: expect.stringContaining('--cgroupns=private'),
  });
});

const busyOnce = () => {
  let left = 1;
  return async (path: string, text: string): Promise<void> => {
    if (left-- > 0) throw Object.assign(new Error('EBUSY: resource busy'), { code: 'EBUSY' });
    await writeFile(path, text);
  };
};

const makeRoot = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const root = await temporaryDir();
  const all = { 'cgroup.subtree_control': '', 'cgroup.procs': '', ...files };
  for (const [name, text] of Object.entries(all)) await writeFile(join(root, name), text);
  return root;
};

test('the processes of a container that keep its cgroup busy move to a leaf, and that is said', async () => {
  const root = await makeRoot({ 'cgroup.type': 'domain', 'cgroup.procs': '12\n' });
  const note = await handOutControllers([{ path: root }], busyOnce());
  expect(note).toBe(
    `moved 1 processes of ${root} to ${root}/init, so that it can hand out controllers; they stay there`,
  );
  expect(await readFile(join(root, 'init', 'cgroup.procs'), 'utf8')).toBe('12');
});

test.each([
  ["the host's own root", { 'cgroup.procs': '1\n12\n' }],
  ['a cgroup without processes', { 'cgroup.type': 'domain' }],
])('where something else is busy nothing is moved: %s', async (_, files) => {
  const root = await makeRoot(files);
  await expect(handOutControllers([{ path: root }], busyOnce())).rejects.toThrow('EBUSY');
  await expect(readFile(join(root, 'init', 'cgroup.procs'))).rejects.toThrow('ENOENT');
});
