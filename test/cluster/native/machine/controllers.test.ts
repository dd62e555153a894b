import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findMissingControllers, findSharedRoot } from '../../../../src/cluster/native/machine/controllers.ts';
import { temporaryDir } from '../../../support/temporary-dir.ts';

const rootWith = async (files: Readonly<Record<string, string>>) => {
  const path = await temporaryDir();
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return { path };
};

test('no cgroup mounts at all: all are missing', async () => {
  expect(await findMissingControllers([])).toEqual(['cpu', 'memory', 'pids']);
});

test('v1: the mounts name theirs, and a v2 hierarchy beside them does not count', async () => {
  const unified = await rootWith({ 'cgroup.controllers': 'pids\n' });
  const v1 = [{ path: '/a', options: 'cpu,cpuacct' }, { path: '/b', options: 'memory' }, unified];
  expect(await findMissingControllers(v1)).toEqual(['pids']);
});

test.each([
  ['cpuset cpu io memory hugetlb pids\n', []],
  // a kernel that was started without it, as on a Raspberry Pi
  ['cpuset cpu io pids\n', ['memory']],
  ['\n', ['cpu', 'memory', 'pids']],
])('v2: %j', async (text, missing) => {
  expect(await findMissingControllers([await rootWith({ 'cgroup.controllers': text })])).toEqual(missing);
});

const container = { 'cgroup.type': 'domain\n', 'cgroup.subtree_control': '\n', 'cgroup.procs': '0\n1\n7\n' };

test('a cgroup of a container with a process from outside cannot hand out controllers', async () => {
  const root = await rootWith(container);
  expect(await findSharedRoot([root])).toBe(root.path);
});

test.each([
  ['only its own processes', { ...container, 'cgroup.procs': '1\n7\n' }],
  ['hands out all already', { ...container, 'cgroup.subtree_control': 'cpu memory pids\n' }],
  ['the real root of the host, which has no type', { 'cgroup.subtree_control': 'pids', 'cgroup.procs': '0\n' }],
])('%s: no obstacle', async (_, files) => {
  expect(await findSharedRoot([await rootWith(files)])).toBeUndefined();
});

test('on v1 nothing is handed out', async () => {
  expect(await findSharedRoot([{ path: '/nowhere', options: 'cpu' }])).toBeUndefined();
});
