import { expect, test } from 'vitest';
import type { Lifecycle, Results } from '../../scripts/bench/results.ts';
import { targetTable } from '../../scripts/bench/targets.ts';
import { goodResults } from './results.ts';

const rowOf = (results: Results, title: string) => targetTable(results).rows.find(([first]) => first === title);
const verdictOf = (results: Results, title: string) => rowOf(results, title)?.[3];
const { lifecycle, held } = goodResults;
const withLifecycle = (change: Partial<Lifecycle>): Results =>
  lifecycle ? { ...goodResults, lifecycle: { ...lifecycle, ...change } } : goodResults;
const firstByte = (listeners: number, median: number): Results => ({
  ...goodResults,
  listeners: goodResults.listeners.map((one) =>
    one.listeners === listeners && one.listenerLimit === 213
      ? { ...one, firstByteMs: { count: 1, median, min: median, max: median } }
      : one,
  ),
});
const spread = (median: number) => ({ count: 1, median, min: median, max: median });

test('a target is shown beside the median and the spread', () => {
  expect(rowOf(goodResults, '`up` from nothing (warm cache)')).toEqual([
    '`up` from nothing (warm cache)',
    '≤ 25.00 s',
    '16.00 s',
    'ok',
    '15.00 s to 17.00 s, 3 samples',
  ]);
});

test('what has no target has no verdict', () => {
  const row = ['listener 50 added, to first byte (listenerLimit 220)', '', '0.40 s', '', '0.39 s to 0.41 s, 3 samples'];
  expect(rowOf(goodResults, '`smoke`')).toEqual(['`smoke`', '', '0.90 s', '', '1 sample']);
  expect(rowOf(goodResults, row[0] ?? '')).toEqual(row);
});

test('a good run misses nothing', () => {
  const verdicts = targetTable(goodResults).rows.map(([, , , verdict]) => verdict);
  expect(verdicts.filter((verdict) => verdict === 'ok')).toHaveLength(9);
  expect(verdicts).not.toContain('miss');
});

test.each<{ title: string; met: Results; missed: Results }>([
  {
    title: '`--help`',
    met: { ...goodResults, helpMs: spread(300) },
    missed: { ...goodResults, helpMs: spread(301) },
  },
  {
    title: 'second `up`',
    met: withLifecycle({ secondMs: [3_000, 9_000, 1_000] }),
    missed: withLifecycle({ secondMs: [3_001] }),
  },
  {
    title: '`down`',
    met: withLifecycle({ downMs: [5_000] }),
    missed: withLifecycle({ downMs: [5_001] }),
  },
  {
    title: 'memory of an idle instance (PSS)',
    met: withLifecycle({ idleBytes: [1.5 * 2 ** 30] }),
    missed: withLifecycle({ idleBytes: [1.5 * 2 ** 30 + 1] }),
  },
  { title: 'listener 50 added, to first byte', met: firstByte(50, 700), missed: firstByte(50, 701) },
  { title: 'listener 200 added, to first byte', met: firstByte(200, 3_000), missed: firstByte(200, 3_001) },
])('the target of $title is met at its limit and missed above', ({ title, met, missed }) => {
  expect(verdictOf(met, title)).toBe('ok');
  expect(verdictOf(missed, title)).toBe('miss');
});

test('an object that a second up changed is named', () => {
  const results = withLifecycle({ changedBySecond: ['changed secrets default/x'] });
  expect(rowOf(results, 'objects changed by the second `up`')?.slice(2)).toEqual([
    '1',
    'miss',
    'changed secrets default/x',
  ]);
});

test.each([
  { change: { answers: 399 }, value: '1' },
  { change: { ended: true }, value: '0, connection ended' },
])('an open connection that loses $change is a miss', ({ change, value }) => {
  const results: Results = held ? { ...goodResults, held: { ...held, ...change } } : goodResults;
  const title = 'requests lost on an open connection while listeners come and go';
  expect(rowOf(results, title)?.slice(2, 4)).toEqual([value, 'miss']);
});

test('what was not measured is no verdict', () => {
  const { rows } = targetTable({ listeners: [] });
  expect(rows.map((row) => row.slice(2))).toEqual(rows.map(() => ['not measured', '', '']));
});
