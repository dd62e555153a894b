import { expect, test } from 'vitest';
import { resultTables } from '../../../scripts/bench/report/tables.ts';
import type { Results } from '../../../scripts/bench/results.ts';
import { goodResults } from '../../support/bench-results.ts';

test('the stages shown are those of the run with the median time', () => {
  const stages = resultTables(goodResults).find(({ title }) => title.startsWith('Stages of a typical `up` from'));
  expect(stages?.rows).toEqual([
    ['Start the cluster', '0.00 s', '16.00 s', '512 MiB', ''],
    ['Load images', '16.00 s', 'skipped', '', ''],
  ]);
});

test('what could not be measured comes right after the targets and the parts, with its reason', () => {
  const results = { ...goodResults, problems: [{ part: 'traffic', message: 'connection refused' }] };
  expect(resultTables(results)[2]?.rows).toEqual([['traffic', 'connection refused']]);
  expect(resultTables(goodResults).map(({ title }) => title)).not.toContain('Could not be measured');
});

test('a part that cannot be measured here is told with its reason, and its targets stay', () => {
  const parts: Results['parts'] = [
    { part: 'lifecycle', outcome: 'left out', detail: 'by --only' },
    { part: 'minikube', outcome: 'cannot run here', detail: 'no Docker daemon' },
  ];
  const { startedAt, quick, machine, problems } = goodResults;
  const [targets, told] = resultTables({ startedAt, quick, machine, parts, problems, listeners: [] });
  expect(targets?.rows.map(([title, , value]) => [title, value])).toEqual([
    ['`up` on Minikube, beyond `minikube start`', 'not measured'],
    ['second `up` on Minikube', 'not measured'],
    ['objects changed by it', 'not measured'],
  ]);
  expect(told?.rows).toEqual([
    ['lifecycle', 'left out', 'by --only'],
    ['minikube', 'cannot run here', 'no Docker daemon'],
  ]);
});

test('the ways to a Gateway stand side by side, the commands typed by hand below', () => {
  const tables = resultTables(goodResults);
  const ways = tables.find(({ title }) => title.startsWith('Three ways'));
  expect(ways?.rows.map((row) => [row[1], row[3], row[4], row[5], row[6], row[8], row[9]])).toEqual([
    ['100.00 s', '50.00 s', '50.00 s', '9.00 s', '2', '64', '900 ms'],
    ['65.00 s', '50.00 s', '15.00 s', 'side by side', '1', '256', '400 ms'],
  ]);
  expect(tables.find(({ title }) => title === 'Commands typed by hand')?.rows).toEqual([
    ['1', 'minikube start'],
    ['2', 'curl'],
  ]);
});

test('what became of connections through forwards is shown for taskgate and for kubectl', () => {
  const forwards = resultTables(goodResults).find(({ title }) => title.startsWith('Forwards'));
  expect(forwards?.rows.map((row) => [row[1], row[3], row[5]])).toEqual([
    ['1000', '0', '0 bytes'],
    ['1000', '0', '0 bytes'],
    ['10', '1', '70 bytes'],
  ]);
});
