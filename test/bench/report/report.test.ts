import { expect, test } from 'vitest';
import { describeMachine, renderPage, renderText } from '../../../scripts/bench/report/report.ts';
import { goodResults } from '../../support/bench-results.ts';

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
