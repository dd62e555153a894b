import { expect, test } from 'vitest';
import { countTests, leastOf, readExpected } from '../../scripts/ci/expected.ts';
import { plan, stagesOf } from '../../scripts/ci/plan.ts';

test.each([
  [1_000, 980],
  [50, 49],
  [49, 48],
  [10, 9],
])('of %d tests two in a hundred may be gone: %d', (count, least) => {
  expect(leastOf({ unit: count }, 'unit')).toBe(least);
});

test('a suite that nobody has counted can never have enough', () => {
  expect(leastOf({}, 'unit')).toBe(Number.POSITIVE_INFINITY);
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
