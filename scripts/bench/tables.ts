import { type Report, type ReportTable, renderReport } from '../../src/report/html.ts';
import type { ListenerTimes, Machine, Results, UpRun } from './results.ts';
import { typicalIndex } from './statistics.ts';
import { forwardTable, wayTables } from './tables-outside.ts';
import { targetTable } from './targets.ts';
import { describeSpread, mebibytes, milliseconds, seconds } from './units.ts';

/** A table as lines of text, columns aligned. */
export const renderText = ({ title, columns, rows }: ReportTable): string => {
  const all = [columns, ...rows].map((row) => row.map((cell) => cell.replaceAll(/\s*\n\s*/g, ' ')));
  const widths = columns.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return `${[title, ...all.map(line)].map((text) => text.trimEnd()).join('\n')}\n`;
};

export const describeMachine = ({ cores, cpu, memoryBytes, kernel, node, loadAverage }: Machine): string =>
  `${cores} cores (${cpu}), ${mebibytes(memoryBytes)}, Linux ${kernel}, Node.js ${node}, load average ${loadAverage.map((load) => load.toFixed(2)).join(' ')} at the start`;

const memory = (bytes: number | undefined): string => (bytes === undefined ? '' : mebibytes(bytes));

const stageTable = (title: string, stages: UpRun['stages']): ReportTable => ({
  title,
  columns: ['stage', 'start', 'time', 'peak, anonymous', 'peak, with page cache'],
  rows: stages.map((stage) => [
    stage.title,
    seconds(stage.startMs),
    stage.outcome === 'done' ? seconds(stage.endMs - stage.startMs) : stage.outcome,
    memory(stage.peakAnonymousBytes),
    memory(stage.peakUsageBytes),
  ]),
});

const listenerTable = (times: readonly ListenerTimes[]): ReportTable => ({
  title: 'Adding the nth task listener',
  columns: ['listenerLimit', 'n', 'GET and PUT of the Gateway', 'spread', 'to first byte', 'spread', 'load'],
  rows: times.map(({ listenerLimit, listeners, writeMs, firstByteMs, load }) => [
    String(listenerLimit),
    String(listeners),
    milliseconds(writeMs.median),
    describeSpread(writeMs, milliseconds),
    milliseconds(firstByteMs.median),
    describeSpread(firstByteMs, milliseconds),
    load.toFixed(1),
  ]),
});

const partTable = ({ parts }: Results): ReportTable => ({
  title: 'Parts',
  columns: ['part', 'outcome', ''],
  rows: parts.map(({ part, outcome, detail }) => [part, outcome, detail]),
});

const problemTable = ({ problems }: Results): ReportTable => ({
  title: 'Could not be measured',
  columns: ['what', 'why'],
  rows: problems.map(({ part, message }) => [part, message]),
});

const typicalRun = (runs: readonly UpRun[] = []): UpRun | undefined =>
  runs.length > 0 ? runs[typicalIndex(runs.map(({ ms }) => ms))] : undefined;

/** All that was measured, most important first. */
export const resultTables = (results: Results): readonly ReportTable[] => {
  const cold = typicalRun(results.lifecycle?.cold);
  const warm = typicalRun(results.lifecycle?.warm);
  const wanted = results.parts.filter(({ outcome }) => outcome !== 'left out').map(({ part }) => part);
  const onMinikube = results.minikube?.find(({ way }) => way === 'taskgate on Minikube')?.stages;
  return [
    targetTable(results, wanted),
    partTable(results),
    ...(results.problems.length > 0 ? [problemTable(results)] : []),
    ...(results.minikube?.length ? wayTables(results.minikube) : []),
    ...(results.forward ? [forwardTable(results.forward)] : []),
    ...(results.listeners.length > 0 ? [listenerTable(results.listeners)] : []),
    ...(onMinikube ? [stageTable('Stages of a typical `up` on Minikube', onMinikube)] : []),
    ...(cold
      ? [stageTable("Stages of a typical `up` from nothing, memory of the instance's cgroup", cold.stages)]
      : []),
    ...(warm ? [stageTable('Stages of a typical `up` after the keeper was killed', warm.stages)] : []),
  ];
};

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
