import { expect, test } from 'vitest';
import { parseNamespacePids, programOf } from '../../../../src/commands/chaos/faults/node-process.ts';

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
