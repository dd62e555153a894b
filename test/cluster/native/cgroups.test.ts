import { expect, test } from 'vitest';
import { cgroupMounts, cgroupPaths, isOwnCgroup, parseHierarchies } from '../../../src/cluster/native/cgroups.ts';

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

test('mounts the v1 hierarchies under their own names', () => {
  const commands = cgroupMounts(parseHierarchies(v1)).map((step) => ('run' in step ? step.run.join(' ') : ''));
  expect(commands).toEqual([
    'mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup',
    'mkdir -p /sys/fs/cgroup/cpu,cpuacct',
    'mount -t cgroup -o cpu,cpuacct cgroup /sys/fs/cgroup/cpu,cpuacct',
    'mkdir -p /sys/fs/cgroup/cpuset',
    'mount -t cgroup -o cpuset cgroup /sys/fs/cgroup/cpuset',
    'mkdir -p /sys/fs/cgroup/systemd',
    'mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd',
  ]);
});

test('mounts the one hierarchy of a pure v2 host', () => {
  const hierarchies = parseHierarchies('35 25 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate');
  expect(cgroupMounts(hierarchies)).toEqual([{ run: ['mount', '-t', 'cgroup2', 'cgroup2', '/sys/fs/cgroup'] }]);
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
