import { expect, test } from 'vitest';
import { layOutWaterfall, renderReport } from '../../src/report/html.ts';

const stages = [
  { title: 'Start <b>', startMs: 0, endMs: 500, outcome: 'done' },
  { title: 'Prove', startMs: 500, endMs: 1_000, outcome: 'failed', note: 'no answer' },
] as const;

test('bars lie where their stages lay in time', () => {
  expect(layOutWaterfall(stages)).toMatchObject([
    { leftPercent: 0, widthPercent: 50 },
    { leftPercent: 50, widthPercent: 50 },
  ]);
});

test('the page holds stages, hops and tables, with everything escaped and nothing fetched', () => {
  const html = renderReport({
    title: 'up dev',
    subtitle: 'today',
    stages,
    hops: [
      {
        direction: 'forward',
        from: 'host',
        to: 'pod',
        ok: false,
        evidence: 'refused',
        finding: { cause: 'no Envoy', hint: 'wait' },
      },
    ],
    tables: [{ title: 'More', columns: ['a'], rows: [['"1"']] }],
  });
  for (const text of ['Start &#60;b&#62;', 'Prove (no answer)', 'refused — no Envoy; wait', '&#34;1&#34;'])
    expect(html).toContain(text);
  expect(html).not.toMatch(/src=|href=|@import/);
});

test('the first line says how it ended, and what failed has a cross beside its colour', () => {
  const page = (ok: boolean, text: string) =>
    renderReport({ title: 'up dev', subtitle: 'today', stages, hops: [], tables: [], verdict: { ok, text } });
  expect(page(false, '✖ no disk <1>')).toContain('<p class="verdict failed">✖ no disk &#60;1&#62;</p>');
  expect(page(true, '✔ proven')).toContain('<p class="verdict good">✔ proven</p>');
  expect(page(false, '')).toContain('<th>✖ Prove (no answer)</th>');
});
