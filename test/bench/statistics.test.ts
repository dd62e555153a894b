import { expect, test } from 'vitest';
import { median, ratiosOf, spreadOf, typicalIndex } from '../../scripts/bench/statistics.ts';

test.each([
  { samples: [3], expected: 3 },
  { samples: [9, 1, 5], expected: 5 },
  { samples: [4, 1, 3, 2], expected: 2.5 },
  { samples: [10, 9, 100], expected: 10 },
])('the median of $samples is $expected', ({ samples, expected }) => {
  expect(median(samples)).toBe(expected);
});

test('no samples have no median', () => {
  expect(() => median([])).toThrow('no samples');
});

test('a spread leaves its samples as they are', () => {
  const samples = [3, 1, 2] as const;
  expect(spreadOf(samples)).toEqual({ count: 3, median: 2, min: 1, max: 3 });
  expect(samples).toEqual([3, 1, 2]);
});

test.each([
  { samples: [7], expected: 0 },
  { samples: [30, 10, 14], expected: 2 },
  { samples: [1, 2, 9, 10], expected: 1 },
])('the typical one of $samples is number $expected', ({ samples, expected }) => {
  expect(typicalIndex(samples)).toBe(expected);
});

test('ratios are taken pair by pair, where there is something to divide by', () => {
  expect(ratiosOf([1, 2, 3, 4], [2, 8, 0])).toEqual([0.5, 0.25]);
});
