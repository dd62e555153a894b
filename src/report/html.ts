import { plainLines } from '../lib/text/plain.ts';
import type { Hop } from '../model/path.ts';
import type { Stage } from '../model/stage.ts';

/** One table of a report: a heading, column names and rows of text. */
export type ReportTable = {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
};

export type Report = {
  readonly title: string;
  /** When and on what it was made. */
  readonly subtitle: string;
  /** How it ended, and why; nothing where there is nothing to judge. */
  readonly verdict?: { readonly ok: boolean; readonly text: string };
  readonly stages: readonly Stage[];
  readonly hops: readonly Hop[];
  readonly tables: readonly ReportTable[];
};

const escapeHtml = (text: string): string =>
  plainLines(text).replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;

/** Bars of a waterfall, in percent of the whole run. */
export const layOutWaterfall = (stages: readonly Stage[]) => {
  const wholeMs = Math.max(1, ...stages.map(({ endMs }) => endMs));
  return stages.map((stage) => ({
    stage,
    leftPercent: (stage.startMs / wholeMs) * 100,
    widthPercent: Math.max(0.3, ((stage.endMs - stage.startMs) / wholeMs) * 100),
  }));
};

/** What did not go well is told by more than a colour. */
const marks = { done: '', skipped: '', broken: '! ', failed: '✖ ', cancelled: '■ ' } as const;

const renderVerdict = ({ verdict }: Report): string =>
  verdict ? `<p class="verdict ${verdict.ok ? 'good' : 'failed'}">${escapeHtml(verdict.text)}</p>\n` : '';

const renderWaterfall = (stages: readonly Stage[]): string =>
  layOutWaterfall(stages)
    .map(({ stage, leftPercent, widthPercent }) => {
      const label = `${marks[stage.outcome]}${stage.title}${stage.note ? ` (${stage.note})` : ''}`;
      const place = `left:${leftPercent.toFixed(2)}%;width:${widthPercent.toFixed(2)}%`;
      return `<tr><th>${escapeHtml(label)}</th><td class="time">${seconds(stage.endMs - stage.startMs)}</td><td class="lane"><i class="${stage.outcome}" style="${place}"></i></td></tr>`;
    })
    .join('\n');

const renderTable = ({ title, columns, rows }: ReportTable): string => {
  const head = columns.map((column) => `<th>${escapeHtml(column)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`).join('\n');
  return `<h2>${escapeHtml(title)}</h2>\n<table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table>`;
};

const hopTable = (hops: readonly Hop[]): ReportTable => ({
  title: 'The path, hop by hop',
  columns: ['', 'direction', 'from', 'to', 'time', 'evidence'],
  rows: hops.map(({ ok, direction, from, to, latencyMs, evidence, finding }) => [
    ok ? '✔' : '✖',
    direction,
    from,
    to,
    latencyMs === undefined ? '' : `${latencyMs.toFixed(1)} ms`,
    finding ? `${evidence} — ${finding.cause}; ${finding.hint}` : evidence,
  ]),
});

const style = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #66707d; --line: #d9dee5; --paper: #fff; --bar: #2f7d6d; --bad: #c0392b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #98a2b0; --line: #333b46; --paper: #14181d; --bar: #4fb39f; --bad: #e06a5c; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1000px; margin: 2rem auto; padding: 0 1rem; }
.verdict { font-weight: 600; white-space: pre-line; border-left: 4px solid var(--bar); padding-left: .7rem; } .verdict.failed { border-color: var(--bad); color: var(--bad); }
h1 { margin-bottom: 0; } .sub { color: var(--soft); margin-top: 0; } h2 { margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); font-weight: normal; vertical-align: top; }
thead th { color: var(--soft); } .time { white-space: nowrap; text-align: right; color: var(--soft); font-variant-numeric: tabular-nums; }
.lane { position: relative; width: 55%; } .lane i { position: absolute; top: 25%; height: 50%; border-radius: 3px; background: var(--bar); }
.lane i.failed, .lane i.cancelled, .lane i.broken { background: var(--bad); } .lane i.skipped { background: var(--line); }
`;

/** A page that needs nothing else: the stages as a waterfall, the hops, and any further tables. */
export const renderReport = (report: Report): string => {
  const { title, subtitle, stages, hops, tables } = report;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
<h1>${escapeHtml(title)}</h1>
<p class="sub">${escapeHtml(subtitle)}</p>
${renderVerdict(report)}<h2>Stages</h2>
<table class="waterfall"><tbody>
${renderWaterfall(stages)}
</tbody></table>
${[...(hops.length > 0 ? [hopTable(hops)] : []), ...tables].map(renderTable).join('\n')}
</html>
`;
};
