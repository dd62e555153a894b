import { expect, test } from 'vitest';
import { casesOf, medianOf, type Run, renderSummary, summarize } from '../../../src/commands/chaos/summary.ts';
import { renderCases } from '../../../src/report/junit.ts';
import { heldTotal, outcomeOf } from '../../support/chaos.ts';

const recovered = (afterMs: number) => ({ recovery: { isRecovered: true, afterMs } }) as const;

const run: Run = {
  seed: 7,
  slack: 1,
  outcomes: [
    outcomeOf(recovered(1_000)),
    outcomeOf({ ...recovered(30_001), held: [{ way: 'forward', ...heldTotal, lostBytes: 1 }] }),
    outcomeOf({ ...recovered(4_000), held: [{ way: 'forward', ...heldTotal, lostBytes: 512 }] }, 'envoy-killed'),
    outcomeOf({ recovery: { isRecovered: false, seen: 'link is down' }, leftovers: ['left: lock x'] }, 'link-down'),
  ],
  left: [{ scenario: 'ssh-killed', why: 'the instance has no tunnel by ssh' }],
};

test.each([
  [[], undefined],
  [[3], 3],
  [[9, 1, 3], 3],
  [[4, 1, 3, 10], 4],
])('the median of %j', (numbers, median) => {
  expect(medianOf(numbers)).toBe(median);
});

test('each scenario is counted on its own; what it may cut is no loss', () => {
  const { scenarios, ...totals } = summarize(run);
  expect(totals).toEqual({ seed: 7, slack: 1, faults: 4, recovered: 2, lostBytes: 1, leftovers: 1, left: run.left });
  expect(scenarios).toMatchObject([
    {
      ...{ scenario: 'etcd-killed', faults: 2, recovered: 1, timesMs: [1_000, 30_001], medianMs: 15_501 },
      ...{ worstMs: 30_001, held: 2, lostBytes: 1 },
    },
    { scenario: 'envoy-killed', faults: 1, recovered: 1, held: 0, lostBytes: 0, failures: [] },
    { scenario: 'link-down', faults: 1, recovered: 0, timesMs: [], leftovers: 1 },
  ]);
  expect(scenarios[2]).not.toHaveProperty('worstMs');
});

test('the table', () => {
  expect(renderSummary(summarize(run)).split('\n')).toEqual([
    'scenario      faults  recovered  median s  worst s  allowed s  held  bytes lost  leftovers',
    'etcd-killed        2          1      15.5     30.0       30.0     2           1          0',
    'envoy-killed       1          1       4.0      4.0       45.0     0           0          0',
    'link-down          1          0         -        -       30.0     1           0          1',
    '',
    '4 faults, 2 recovered in time, 1 bytes lost, 1 leftovers (seed 7)',
    '✖ etcd-killed: it recovered after 30001 ms, and 30000 ms are allowed',
    '✖ etcd-killed: a held connection (forward) lost 1 bytes; its longest wait was 0.1 s',
    '✖ link-down: it did not recover: link is down',
    '✖ link-down: left: lock x',
    'not run: ssh-killed: the instance has no tunnel by ssh',
  ]);
});

test('JUnit has a case for each fault, and one skipped for each scenario that was not run', () => {
  const xml = renderCases('taskgate chaos', casesOf(run));
  expect(xml).toContain('<testsuite name="taskgate chaos" tests="5" failures="2" errors="0" skipped="1"');
  expect(xml).toContain('<testcase name="1 etcd-killed" classname="taskgate.chaos" time="1.000"/>');
  expect(xml).toContain('<failure message="it did not recover: link is down">');
});

test('an error in the middle of a fault is an error case, and no recovery', () => {
  const ended = { ...run, outcomes: [outcomeOf({ injected: '', error: 'the path is broken' })], left: [] };
  expect(summarize(ended)).toMatchObject({
    faults: 1,
    recovered: 0,
    scenarios: [{ failures: [{ kind: 'not-recovered' }] }],
  });
  const xml = renderCases('taskgate chaos', casesOf(ended));
  expect(xml).toContain('tests="1" failures="0" errors="1" skipped="0"');
  expect(xml).toContain(
    '<error message="it ended by an error: the path is broken">it ended by an error: the path is broken</error>',
  );
});
