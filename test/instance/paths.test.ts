import { expect, test } from 'vitest';
import { findSocketProblem, logPathOf } from '../../src/instance/paths.ts';

/** What the system takes: sun_path of unix(7) less its final zero; of macOS elsewhere. */
const longest = process.platform === 'linux' ? 107 : 103;
const folderFor = (socketPathLength: number): string => `/${'d'.repeat(socketPathLength - '//tunnel.sock'.length)}`;

test('a socket has a path of limited length', () => {
  expect(findSocketProblem(folderFor(longest))).toBeUndefined();
  const dir = folderFor(longest + 1);
  expect(findSocketProblem(dir)).toEqual({
    what: `the path ${dir}/tunnel.sock has ${longest + 1} bytes, but a socket's path has at most ${longest}`,
    hint: 'set XDG_STATE_HOME to a shorter path, or choose a shorter name',
  });
});

test('which counts in bytes, not in letters', () => {
  expect(findSocketProblem(folderFor(longest).replace('d', 'ö'))?.what).toContain(`has ${longest + 1} bytes`);
});

test('each process has a log of its name', () => {
  expect(logPathOf('/state/instances/dev/logs', 'etcd')).toBe('/state/instances/dev/logs/etcd.log');
});
