import { type Report, type ReportTable, renderReport } from '../../../src/report/html.ts';
import type { Machine, Results } from '../results.ts';
import { mebibytes } from '../units.ts';
import { resultTables, typicalRun } from './tables.ts';

/** A table as lines of text, columns aligned. */
export const renderText = ({ title, columns, rows }: ReportTable): string => {
  const all = [columns, ...rows].map((row) => row.map((cell) => cell.replaceAll(/\s*\n\s*/g, ' ')));
  const widths = columns.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return `${[title, ...all.map(line)].map((text) => text.trimEnd()).join('\n')}\n`;
};

export const describeMachine = ({ cores, cpu, memoryBytes, kernel, node, loadAverage }: Machine): string =>
  `${cores} cores (${cpu}), ${mebibytes(memoryBytes)}, Linux ${kernel}, Node.js ${node}, load average ${loadAverage.map((load) => load.toFixed(2)).join(' ')} at the start`;

/** The page; its waterfall is the typical `up` from nothing. */
export const renderPage = (results: Results): string => {
  const report: Report = {
    title: 'taskgate: benchmark',
    subtitle: `${results.startedAt}${results.quick ? ', --quick' : ''}; ${describeMachine(results.machine)}`,
    stages: typicalRun(results.lifecycle?.cold)?.stages ?? [],
    hops: [],
    tables: resultTables(results),
  };
  return renderReport(report);
};
