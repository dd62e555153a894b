import { expect, test } from 'vitest';
import { begunAt, withPeaks } from '../../../scripts/bench/instance/stages.ts';
import type { Stage } from '../../../src/model/stage.ts';

const start: Stage = { title: 'Start', startMs: 0, endMs: 100, outcome: 'done' };
const wait: Stage = { title: 'Wait', startMs: 100, endMs: 300, outcome: 'done' };
const samples = [
  { atMs: 950, usageBytes: 999, anonymousBytes: 999 },
  { atMs: 1_010, usageBytes: 10, anonymousBytes: 5 },
  { atMs: 1_090, usageBytes: 30, anonymousBytes: 4 },
  { atMs: 1_200, usageBytes: 20, anonymousBytes: 15 },
];

test('each stage gets the peaks of its own time', () => {
  expect(withPeaks([start, wait], 1_000, samples)).toEqual([
    { ...start, peakUsageBytes: 30, peakAnonymousBytes: 5 },
    { ...wait, peakUsageBytes: 20, peakAnonymousBytes: 15 },
  ]);
});

test('stages side by side share samples', () => {
  const beside: Stage = { ...start, title: 'Beside' };
  expect(withPeaks([start, beside], 1_000, samples).map(({ peakUsageBytes }) => peakUsageBytes)).toEqual([30, 30]);
});

test('a stage that was skipped or too short for a sample has no peaks', () => {
  const skipped: Stage = { ...start, outcome: 'skipped' };
  const short: Stage = { ...start, startMs: 20, endMs: 30 };
  expect(withPeaks([skipped, short], 1_000, samples)).toEqual([skipped, short]);
});

test("the stages' clock started as long before the report as the last stage ended", () => {
  expect(begunAt([wait, start], 1_300)).toBe(1_000);
  expect(begunAt([], 1_300)).toBe(1_300);
});
