import { expect, test } from 'vitest';
import { makeQueue } from '../../../src/artifacts/store/queue.ts';

test('runs one at a time, in the order of asking, and outlives failures', async () => {
  const queue = makeQueue();
  const order: number[] = [];
  let running = 0;
  let most = 0;
  const work = (number: number) => async () => {
    running += 1;
    most = Math.max(most, running);
    order.push(number);
    await new Promise((resolve) => setTimeout(resolve, 2));
    running -= 1;
    if (number === 1) throw new Error('one failed');
  };
  const results = await Promise.allSettled([0, 1, 2, 3, 4].map((number) => queue(work(number))));
  expect(most).toBe(1);
  expect(order).toEqual([0, 1, 2, 3, 4]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
});
