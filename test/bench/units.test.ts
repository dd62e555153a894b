import { expect, test } from 'vitest';
import {
  describeSpread,
  mebibytes,
  megabytesPerSecond,
  milliseconds,
  perSecond,
  seconds,
  times,
} from '../../scripts/bench/units.ts';

test.each([
  [seconds(1_234), '1.23 s'],
  [milliseconds(61.7), '62 ms'],
  [mebibytes(1.5 * 2 ** 30), '1536 MiB'],
  [perSecond(1_664.6), '1665/s'],
  [megabytesPerSecond(860_000_000), '860 MB/s'],
  [times(0.583), '0.58x'],
])('%s is written as %s', (text, expected) => {
  expect(text).toBe(expected);
});

test('a spread names its ends and how many samples it has', () => {
  expect(describeSpread({ count: 3, median: 700, min: 610, max: 900 }, seconds)).toBe('0.61 s to 0.90 s, 3 samples');
});

test('one sample has no ends', () => {
  expect(describeSpread({ count: 1, median: 700, min: 700, max: 700 }, seconds)).toBe('1 sample');
});
