import { expect, test } from 'vitest';
import { judgeMachine } from '../../../src/cluster/native/verify.ts';

const good = {
  platform: 'linux',
  uid: 0,
  missingTools: [],
  instanceDir: '/root/x',
  cacheDir: '/root/c',
  unwritableCgroups: [],
};

test('a good machine has no obstacle', () => expect(judgeMachine(good)).toEqual([]));

test.each([
  [{ platform: 'darwin' }, 'the native provider runs on Linux only, this is darwin', 'use a Linux machine or VM'],
  [{ uid: 1000 }, 'needs root; this is uid 1000', 'sudo without a password'],
  [{ missingTools: ['ip'] }, "the program 'ip' was not found", 'install the package iproute2'],
  [{ instanceDir: '/run/user/0/x' }, '/run/user/0/x is below /run', 'XDG_STATE_HOME'],
  [{ cacheDir: '/run/c' }, '/run/c is below /run', 'XDG_CACHE_HOME'],
  [{ unshareProblem: 'unshare: EPERM' }, 'namespaces cannot be created: unshare: EPERM', 'container'],
  [{ unwritableCgroups: ['/sys/fs/cgroup'] }, '/sys/fs/cgroup is not writable', 'writable'],
])('%j is an obstacle with a way out', (change, what, hint) => {
  const [obstacle, ...more] = judgeMachine({ ...good, ...change });
  expect(more).toEqual([]);
  expect(obstacle?.what).toContain(what);
  expect(obstacle?.hint).toContain(hint);
});

test('all obstacles come at once', () => {
  expect(judgeMachine({ ...good, uid: 1, missingTools: ['ip', 'unshare'] })).toHaveLength(3);
});
