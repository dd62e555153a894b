import { expect, test } from 'vitest';
import { sumUpWay } from '../../../../scripts/bench/measure/minikube/minikube.ts';
import type { WayRun } from '../../../../scripts/bench/measure/minikube/results.ts';

const runOf = (firstByteMs: number, change: Partial<WayRun> = {}): WayRun => ({
  ...{ firstByteMs, startMs: 50_000, commands: ['up'], listeners: 256, listenerMs: [100, 300], ...change },
});

test('the runs of a way are summed up; the start of Minikube is taken off each run of its own', () => {
  const second = { ms: 2_000, changes: ['changed x'] };
  const stages = [{ title: 'Start the cluster', startMs: 0, endMs: 1, outcome: 'done' as const }];
  const runs = [runOf(65_000, { second, stages }), runOf(75_000, { startMs: 62_000, listeners: 255, second })];
  const way = sumUpWay('taskgate on Minikube', runs);
  expect(way?.firstByteMs).toEqual({ count: 2, median: 70_000, min: 65_000, max: 75_000 });
  expect(way?.beyondStartMs).toMatchObject({ min: 13_000, max: 15_000 });
  expect(way).toMatchObject({ listeners: 255, listenerMs: { count: 4, median: 200 }, commands: ['up'] });
  expect(way).toMatchObject({ secondMs: { median: 2_000 }, changedBySecond: ['changed x', 'changed x'] });
  expect(way?.stages).toEqual(stages);
});

test('a way without Minikube is all its own, and says nothing of what it has not', () => {
  const { startMs: _, ...native } = runOf(20_000);
  const way = sumUpWay('taskgate native', [native]);
  expect(way?.beyondStartMs.median).toBe(20_000);
  expect(Object.keys(way ?? {})).not.toContain('startMs');
  expect(Object.keys(way ?? {})).not.toContain('secondMs');
});

test('a way that never got there is no row', () => {
  expect(sumUpWay('by hand', [])).toBeUndefined();
});
