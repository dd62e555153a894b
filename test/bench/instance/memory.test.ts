import { expect, test } from 'vitest';
import { accountsIn, parsePSS, parseStat } from '../../../scripts/bench/instance/memory.ts';

const mountOf = (path: string, type: string, options: string) =>
  `31 25 0:27 / ${path} rw,relatime - ${type} ${type} rw,${options}`;

const hybrid = [
  mountOf('/sys/fs/cgroup/unified', 'cgroup2', 'nsdelegate'),
  mountOf('/sys/fs/cgroup/cpu,cpuacct', 'cgroup', 'cpu,cpuacct'),
  mountOf('/sys/fs/cgroup/memory', 'cgroup', 'memory'),
].join('\n');

test('version 1 accounts for memory in a hierarchy of its own, beside a version 2 without controllers', () => {
  const paths = ['unified', 'cpu,cpuacct', 'memory'].map((name) => `/sys/fs/cgroup/${name}/taskgate-x`);
  expect(accountsIn(paths, hybrid)).toMatchObject({
    memoryDir: '/sys/fs/cgroup/memory/taskgate-x',
    usageFile: 'memory.usage_in_bytes',
    anonymousKey: 'total_rss',
  });
});

test('version 2 has one folder for all', () => {
  const accounts = accountsIn(['/sys/fs/cgroup/taskgate-x'], mountOf('/sys/fs/cgroup', 'cgroup2', 'nsdelegate'));
  expect(accounts).toMatchObject({
    memoryDir: '/sys/fs/cgroup/taskgate-x',
    usageFile: 'memory.current',
    anonymousKey: 'anon',
  });
});

test('without a folder that accounts for memory nothing can be measured', () => {
  expect(() => accountsIn(['/elsewhere/taskgate-x'], hybrid)).toThrow(
    'no cgroup with memory accounting among /elsewhere/taskgate-x',
  );
});

test('a figure of memory.stat is found by its whole key', () => {
  const text = 'rss 1\nrss_huge 2\ntotal_rss 845496320\ntotal_rss_huge 3\n';
  expect(parseStat(text, 'total_rss')).toBe(845_496_320);
  expect(() => parseStat(text, 'anon')).toThrow('no anon in rss 1');
});

test('PSS is read in bytes; a process without memory of its own has none', () => {
  expect(parsePSS('55d0-7ffd ---p 00000000 00:00 0 [rollup]\nRss:  900 kB\nPss:    512 kB\nPss_Dirty:  7 kB\n')).toBe(
    512 * 1_024,
  );
  expect(parsePSS('')).toBe(0);
});
