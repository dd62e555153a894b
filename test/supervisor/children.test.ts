import { expect, test } from 'vitest';
import { nextBackoffMs, nextEnds, supervise } from '../../src/supervisor/children.ts';
import type { Child } from '../../src/supervisor/spec.ts';

test.each([
  [undefined, 0, 200],
  [200, 100, 400],
  [8_000, 100, 10_000],
  [10_000, 100, 10_000],
  [10_000, 30_000, 200],
])('after a back-off of %s ms and a run of %s ms the next back-off is %s ms', (lastMs, ranMs, expected) => {
  expect(nextBackoffMs(lastMs, ranMs)).toBe(expected);
});

test.each([
  [0, 100, 1],
  [3, 100, 4],
  // it worked for a while
  [3, 30_000, 1],
])('after %s ends and a run of %s ms there are %s', (ends, ranMs, expected) => {
  expect(nextEnds(ends, ranMs)).toBe(expected);
});

test('a child may only come after one that stands before it', () => {
  const child: Child = { name: 'a', command: ['true'], after: ['b'], probe: { kind: 'socket', path: '/x' } };
  expect(() => supervise([child], '/tmp', () => undefined)).toThrow('a must come after b');
});
