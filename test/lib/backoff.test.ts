import { expect, test } from 'vitest';
import { delayMs, nextDelayMs } from '../../src/lib/backoff.ts';

const backoff = { firstMs: 100, longestMs: 500 };

test('pauses double up to the longest, counted or one from the other', () => {
  const expected = [100, 200, 400, 500, 500];
  expect(expected.map((_, index) => delayMs(backoff, index))).toEqual(expected);
  expect([undefined, 100, 200, 400, 500].map((lastMs) => nextDelayMs(backoff, lastMs))).toEqual(expected);
  expect(delayMs(backoff, 5_000)).toBe(500);
});
