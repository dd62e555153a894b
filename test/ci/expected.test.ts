import { expect, test } from 'vitest';
import { countTests, fewerThan, leastOf, readExpected } from '../../scripts/ci/expected.ts';
import { plan, stagesOf } from '../../scripts/ci/plan.ts';

test.each([
  [1_000, 980],
  [50, 49],
  [49, 48],
  [10, 9],
  [5_000, 4_980],
])('of %d tests two in a hundred may be gone, and no more than 20: %d', (count, least) => {
  expect(leastOf({ unit: count }, 'unit')).toBe(least);
});

test('a suite that nobody has counted can never have enough', () => {
  expect(leastOf({}, 'unit')).toBe(Number.POSITIVE_INFINITY);
});

test('what sinks is named: no suite that grows, stays or is new', () => {
  const [before, counts] = [
    { a: 9, b: 9, c: 9 },
    { a: 8, b: 9, c: 10, d: 1 },
  ];
  expect(fewerThan(before, counts)).toEqual(['a sinks from 9 tests to 8']);
});

test('each suite of the plan has been counted, and no other', async () => {
  const suites = stagesOf(plan).flatMap(({ suite }) => suite ?? []);
  expect(Object.keys(await readExpected()).toSorted()).toEqual([...new Set(suites)].toSorted());
});

test('a test that ended is one, whatever its state', () => {
  const end = { event: 'end', name: 'a', retries: 0 } as const;
  const events = [
    { event: 'start', name: 'a' },
    { ...end, state: 'failed' },
    { ...end, state: 'skipped' },
  ] as const;
  expect(countTests(events)).toBe(2);
});
