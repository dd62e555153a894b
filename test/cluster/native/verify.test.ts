import { expect, test } from 'vitest';
import { judgeMachine } from '../../../src/cluster/native/verify.ts';

const good = {
  platform: 'linux',
  uid: 0,
  missingTools: [],
  instanceDir: '/root/x',
  cacheDir: '/root/c',
  unwritableCgroups: [],
  osRelease: 'ID=debian\n',
  missingControllers: [],
};

test('a good machine has no obstacle', () => expect(judgeMachine(good)).toEqual([]));

test.each([
  [{ platform: 'darwin' }, 'the native provider runs on Linux only, this is darwin', 'use a Linux machine or VM'],
  [{ uid: 1000 }, 'needs root; this is uid 1000', 'sudo without a password'],
  [
    { missingTools: ['ip'] },
    "the program 'ip' was not found",
    'install the package iproute2: apt-get install iproute2',
  ],
  [{ instanceDir: '/run/user/0/x' }, '/run/user/0/x is below /run', 'XDG_STATE_HOME'],
  [{ cacheDir: '/run/c' }, '/run/c is below /run', 'XDG_CACHE_HOME'],
  [{ unwritableCgroups: ['/sys/fs/cgroup'] }, '/sys/fs/cgroup is not writable', '--privileged --cgroupns=private'],
  // a container or a network namespace without cgroups, a kernel started without the memory controller
  [
    { missingControllers: ['cpu', 'memory', 'pids'] },
    'no cgroup hierarchy that is mounted here has the controllers cpu, memory, pids',
    'docker run --privileged --cgroupns=private',
  ],
  [{ missingControllers: ['memory'] }, 'has the controllers memory', 'cgroup_enable=memory'],
  [{ sharedRoot: '/sys/fs/cgroup' }, 'processes outside of this container', '--cgroupns=private'],
])('%j is an obstacle with a way out', (change, what, hint) => {
  const [obstacle, ...more] = judgeMachine({ ...good, ...change });
  expect(more).toEqual([]);
  expect(obstacle?.what).toContain(what);
  expect(obstacle?.hint).toContain(hint);
});

test.each([
  // without CAP_SYS_ADMIN, without CAP_NET_ADMIN, in a cgroup of others
  ['unshare: unshare failed: Operation not permitted', 'docker run --privileged --cgroupns=private'],
  ['RTNETLINK answers: Operation not permitted', 'docker run --privileged --cgroupns=private'],
  ['join-cgroups: 1: echo: echo: I/O error', 'docker run --privileged --cgroupns=private'],
  ['unshare: unshare failed: No space left on device', 'sysctl user.max_mnt_namespaces'],
  // busybox, and programs of years ago
  [
    "mount: unrecognized option '--no-mtab'",
    'install the package mount: apt-get install mount; the mount that is found',
  ],
  ["unshare: unrecognized option '--kill-child=SIGKILL'", 'install the package util-linux: apt-get install util-linux'],
  ["cp: invalid option -- 'd'", 'install the package coreutils'],
])('what failed in the trial is said, with a way out: %s', (trialProblem, hint) => {
  const [obstacle, ...more] = judgeMachine({ ...good, trialProblem });
  expect(more).toEqual([]);
  expect(obstacle?.what).toBe(`namespaces, mounts and links of a node cannot be made: ${trialProblem}`);
  expect(obstacle?.hint).toContain(hint);
});

test('all obstacles come at once', () => {
  expect(judgeMachine({ ...good, uid: 1, missingTools: ['ip', 'unshare'] })).toHaveLength(3);
});
