import { expect, test } from 'vitest';
import type { Results } from '../../scripts/bench/results.ts';
import { describeMachine, renderPage, renderText, resultTables } from '../../scripts/bench/tables.ts';
import { goodResults } from './results.ts';

test('columns of text are aligned, without blanks at the ends of lines', () => {
  const text = renderText({
    title: 'Figures',
    columns: ['what', 'value', ''],
    rows: [
      ['a', '10 s', 'ok'],
      ['longer', '1\n  s', ''],
    ],
  });
  expect(text).toBe(['Figures', 'what    value', 'a       10 s   ok', 'longer  1 s', ''].join('\n'));
});

test('the machine is named with its load', () => {
  expect(describeMachine(goodResults.machine)).toBe(
    '2 cores (Test <CPU>), 8192 MiB, Linux 6.1, Node.js v24.0.0, load average 0.50 0.25 0.00 at the start',
  );
});

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

test('the page needs nothing else and shows the waterfall of the typical run', () => {
  const page = renderPage({ ...goodResults, quick: true });
  expect(page).not.toMatch(/(src|href)=/);
  expect(page).toContain('<th>Start the cluster</th><td class="time">16.00 s</td>');
  expect(page).toContain('--quick');
  expect(page).not.toContain('Test <CPU>');
});

test('a run that measured nothing still makes a page', () => {
  const { startedAt, quick, machine, parts } = goodResults;
  const problems = [{ part: 'lifecycle', message: 'no artifacts' }];
  expect(renderPage({ startedAt, quick, machine, parts, problems, listeners: [] })).toContain('no artifacts');
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

test('what became of connections through forwards is shown for ours and for kubectl', () => {
  const forwards = resultTables(goodResults).find(({ title }) => title.startsWith('Forwards'));
  expect(forwards?.rows.map((row) => [row[1], row[3], row[5]])).toEqual([
    ['1000', '0', '0 bytes'],
    ['1000', '0', '0 bytes'],
    ['10', '1', '70 bytes'],
  ]);
});
