import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { createCgroups, pidsInCgroups, removeCgroups } from '../../../../src/cluster/native/isolation/cgroups.ts';
import { temporaryDir } from '../../../support/temporary-dir.ts';

const makeFiles = async (root: string, files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
};

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

test("processes of pods are in cgroups far below the instance's, and each counts once", async () => {
  const root = await temporaryDir();
  await makeFiles(root, {
    'cgroup.procs': '1\n',
    'taskgate-dev/cgroup.procs': '',
    'taskgate-dev/node/cgroup.procs': '10\n11\n',
    'taskgate-dev/node/kubepods/burstable/pod1/c1/cgroup.procs': '12\n',
    'v2/taskgate-dev/node/keeper/cgroup.procs': '10\n13\n',
    'taskgate-other/cgroup.procs': '99\n',
  });
  const paths = [join(root, 'taskgate-dev'), join(root, 'v2', 'taskgate-dev'), join(root, 'unmounted', 'taskgate-dev')];
  expect((await pidsInCgroups(paths)).toSorted()).toEqual([10, 11, 12, 13]);
});

test('a cpuset takes the CPUs and memory nodes of the one above; other hierarchies have none to take', async () => {
  const root = await temporaryDir();
  await makeFiles(root, { 'cpuset/cpuset.cpus': '0-3\n', 'cpuset/cpuset.mems': '0\n', 'pids/cgroup.procs': '' });
  await createCgroups([join(root, 'cpuset', 'taskgate-dev'), join(root, 'pids', 'taskgate-dev')]);
  expect(await readFile(join(root, 'cpuset', 'taskgate-dev', 'cpuset.cpus'), 'utf8')).toBe('0-3\n');
  expect(await readFile(join(root, 'cpuset', 'taskgate-dev', 'cpuset.mems'), 'utf8')).toBe('0\n');
  expect(await isThere(join(root, 'pids', 'taskgate-dev'))).toBe(true);
});

test('folders go from the innermost on, the hierarchy and those of others stay; it may be repeated', async () => {
  const root = await temporaryDir();
  for (const path of ['taskgate-dev/node/kubepods/pod1', 'taskgate-dev/node/keeper', 'taskgate-dev-2']) {
    await mkdir(join(root, path), { recursive: true });
  }
  await removeCgroups([join(root, 'taskgate-dev')]);
  await removeCgroups([join(root, 'taskgate-dev')]);
  expect([await isThere(join(root, 'taskgate-dev')), await isThere(join(root, 'taskgate-dev-2'))]).toEqual([
    false,
    true,
  ]);
});

test('a folder that the kernel does not let go is an error, not a success', async () => {
  const root = await temporaryDir();
  await makeFiles(root, { 'taskgate-dev/node/busy': '' });
  await expect(removeCgroups([join(root, 'taskgate-dev')])).rejects.toMatchObject({ code: 'ENOTEMPTY' });
  await rm(join(root, 'taskgate-dev', 'node', 'busy'));
  await expect(removeCgroups([join(root, 'taskgate-dev')])).resolves.toBeUndefined();
});
