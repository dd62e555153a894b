import { expect, test } from 'vitest';
import {
  findInPods,
  isInPods,
  isServiceDepth,
  parseNamespacePids,
  programOf,
} from '../../../../src/commands/chaos/faults/node-process.ts';

test.each([
  ['one of this host', 'Name:\tnode\nNSpid:\t4711\n', [4711]],
  ['a child of a supervisor', 'Name:\tetcd\nNSpid:\t4711\t12\nNSpgid:\t4711\t12\n', [4711, 12]],
  ['one in a container', 'NSpid:\t4711\t80\t1\n', [4711, 80, 1]],
  ['one that is gone', '', []],
])('the pids of %s', (_, status, pids) => {
  expect(parseNamespacePids(status)).toEqual(pids);
});

test('a process has its program, one that is gone has none', async () => {
  expect(await programOf(process.pid)).toMatch(/^node/);
  expect(await programOf(2 ** 22 + 1)).toBe('');
});

const podOf = (uid: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'envoy', uid } });

test.each([
  ["kubelet's own", '9:cpu:/taskgate-x/node/kubepods/burstable/pod12-ab/9f', true],
  ["systemd's", '0::/kubepods.slice/kubepods-burstable-pod12_ab.slice/cri-containerd-9f.scope', true],
  ["another pod's", '9:cpu:/taskgate-x/node/kubepods/burstable/pod13-ab/9f', false],
  ["the node's", '9:cpu:/taskgate-x/node', false],
  ['none, since it is gone', '', false],
])('whether a process is in a pod, by a cgroup that is %s', (_, cgroup, isIn) => {
  expect(isInPods(cgroup, [podOf('99-ff'), podOf('12-ab')])).toBe(isIn);
});

test('a program of the same name outside of the pods is not taken', async () => {
  const program = await programOf(process.pid);
  const find = findInPods({ pidsOf: async () => [process.pid], podsOf: async () => [podOf('12-ab')], program });
  expect(await find()).toBeUndefined();
});

test.each([
  ['etcd of the node', 'NSpid:\t4711\t12\n', true],
  ['a program of a container', 'NSpid:\t4711\t80\t1\n', false],
  ['one that is gone', '', false],
])('whether it is in no container: %s', (_, status, isService) => {
  expect(isServiceDepth(status)).toBe(isService);
});
