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

test('each stage has its mark, its time and its bar', () => {
  const outcomes = ['done', 'skipped', 'broken', 'failed', 'cancelled'] as const;
  const timed = outcomes.map((outcome, n) => ({ title: outcome, startMs: n * 1_000, endMs: n * 1_500 + 500, outcome }));
  const html = renderReport({ title: 't', subtitle: 's', stages: timed, hops: [], tables: [] });
  const rows = html.split('\n').filter((line) => line.startsWith('<tr>'));
  expect(rows).toEqual([
    row('done', '0.50 s', 'done', 'left:0.00%;width:7.69%'),
    row('skipped', '1.00 s', 'skipped', 'left:15.38%;width:15.38%'),
    row('! broken', '1.50 s', 'broken', 'left:30.77%;width:23.08%'),
    row('✖ failed', '2.00 s', 'failed', 'left:46.15%;width:30.77%'),
    row('■ cancelled', '2.50 s', 'cancelled', 'left:61.54%;width:38.46%'),
  ]);
  expect(html).not.toContain('The path, hop by hop');
});

const row = (label: string, time: string, outcome: string, style: string): string =>
  `<tr><th>${label}</th><td class="time">${time}</td><td class="lane"><i class="${outcome}" style="${style}"></i></td></tr>`;

test('the hops are a table, and each further one follows on a line of its own', () => {
  const hop = {
    direction: 'reverse',
    from: 'pod',
    to: 'master',
    ok: true,
    latencyMs: 1.26,
    evidence: 'nonce',
  } as const;
  const tables = [
    {
      title: 'More',
      columns: ['a', 'b'],
      rows: [
        ['1', '2'],
        ['3', '4'],
      ],
    },
  ];
  const broken = { direction: 'closed', from: 'x', to: 'y', ok: false, evidence: 'open' } as const;
  const html = renderReport({ title: 't', subtitle: 's', stages: [], hops: [hop, broken], tables });
  expect(html).toContain(`<h2>The path, hop by hop</h2>
<table><thead><tr><th></th><th>direction</th><th>from</th><th>to</th><th>time</th><th>evidence</th></tr></thead><tbody>
<tr><td>✔</td><td>reverse</td><td>pod</td><td>master</td><td>1.3 ms</td><td>nonce</td></tr>
<tr><td>✖</td><td>closed</td><td>x</td><td>y</td><td></td><td>open</td></tr>
</tbody></table>
<h2>More</h2>
<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>
<tr><td>1</td><td>2</td></tr>
<tr><td>3</td><td>4</td></tr>
</tbody></table>
</html>`);
});
