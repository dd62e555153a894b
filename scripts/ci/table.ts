import type { Count, Verdict } from './judge.ts';

export type StageResult = {
  readonly title: string;
  readonly seconds: number;
  /** Undefined: the run was told to end before the stage began. */
  readonly verdict: Verdict | undefined;
};

const notRun: Verdict = { passed: 0, failed: 1, skipped: 0, problems: ['not run'], retried: [] };
const verdictOf = ({ verdict }: StageResult): Verdict => verdict ?? notRun;

const sumOf = (results: readonly StageResult[], key: keyof Count): number =>
  results.reduce((total, result) => total + verdictOf(result)[key], 0);

const rowOf = (title: string, values: readonly (string | number)[]): string =>
  [title.padEnd(56), ...values.map((value) => String(value).padStart(8))].join('');

const stageRow = (result: StageResult): string => {
  const { passed, failed, skipped } = verdictOf(result);
  return rowOf(result.title, [passed, failed, skipped, Math.round(result.seconds)]);
};

const listed = (heading: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', heading, ...lines.map((line) => `  ${line}`)];

/** Whether all passed, and something did. */
export const isGood = (results: readonly StageResult[]): boolean =>
  sumOf(results, 'failed') === 0 && sumOf(results, 'passed') > 0;

/** The end of the run's output: stages, what failed, what passed only at a second try, and `N passed, N failed` last. */
export const renderTable = (results: readonly StageResult[], wallSeconds: number): readonly string[] => {
  const withTitle = (key: 'problems' | 'retried') =>
    results.flatMap((result) => verdictOf(result)[key].map((text) => `${result.title}: ${text}`));
  const sums = (['passed', 'failed', 'skipped'] as const).map((key) => sumOf(results, key));
  return [
    '',
    rowOf('stage', ['passed', 'failed', 'skipped', 'seconds']),
    ...results.map(stageRow),
    rowOf('all', [...sums, Math.round(wallSeconds)]),
    ...listed('Failures:', withTitle('problems')),
    ...listed('Passed only after a retry:', withTitle('retried')),
    '',
    `${sums[0]} passed, ${sums[1]} failed`,
  ];
};
