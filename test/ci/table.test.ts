import { expect, test } from 'vitest';
import type { Verdict } from '../../scripts/ci/judge.ts';
import { isGood, renderTable, type StageResult } from '../../scripts/ci/table.ts';

const verdict = (changes: Partial<Verdict>): Verdict => ({
  passed: 0,
  failed: 0,
  skipped: 0,
  problems: [],
  retried: [],
  ...changes,
});
const result = (title: string, changes: Partial<Verdict>): StageResult => ({
  title,
  seconds: 1.6,
  verdict: verdict(changes),
});

const words = (line: string | undefined): readonly string[] => line?.trim().split(/\s+/) ?? [];

test('a row for each stage, one for all, and the counts as the last line', () => {
  const lines = renderTable([result('unit', { passed: 3, skipped: 1 }), result('e2e', { passed: 2 })], 9.7);
  expect(lines.map(words)).toEqual([
    [''],
    ['stage', 'passed', 'failed', 'skipped', 'seconds'],
    ['unit', '3', '0', '1', '2'],
    ['e2e', '2', '0', '0', '2'],
    ['all', '5', '0', '1', '10'],
    [''],
    ['5', 'passed,', '0', 'failed'],
  ]);
  expect(lines.at(-1)).toBe('5 passed, 0 failed');
});

test('failures and retried tests are named with their stage', () => {
  const lines = renderTable([result('unit', { failed: 1, problems: ['failed: a'], retried: ['b'] })], 1);
  expect(lines).toEqual(
    expect.arrayContaining(['Failures:', '  unit: failed: a', 'Passed only after a retry:', '  unit: b']),
  );
});

test('a stage that never began is a failure', () => {
  const lines = renderTable([{ title: 'e2e', seconds: 0, verdict: undefined }], 1);
  expect(lines).toContain('  e2e: not run');
  expect(lines.at(-1)).toBe('0 passed, 1 failed');
});

test.each([
  [[result('a', { passed: 1 })], true],
  [[result('a', { passed: 1, failed: 1 })], false],
  [[result('a', { skipped: 1 })], false],
  [[], false],
])('a run is good if something passed and nothing failed: %#', (results, good) => {
  expect(isGood(results)).toBe(good);
});
