import { expect, test } from 'vitest';
import { findLargest } from '../../../../scripts/bench/measure/minikube/capacity.ts';

test.each([
  [1, 64],
  [1, 256],
  [3, 3],
  [1, 2_000],
])('from %i up, %i is the largest that is accepted', async (from, limit) => {
  const asked: number[] = [];
  const accepts = async (count: number) => {
    asked.push(count);
    return count <= limit;
  };
  expect(await findLargest({ from, to: 2_000 }, accepts)).toBe(limit);
  expect(asked.length).toBeLessThan(12);
});
