import type { Case } from '../../report/junit.ts';
import { type Failure, isCut, judge, type Outcome } from './judge.ts';
import type { Scenario } from './scenarios.ts';

/** What all faults of one scenario led to. Times in milliseconds. */
export type ScenarioSummary = {
  readonly scenario: string;
  readonly faults: number;
  readonly recovered: number;
  /** Of each fault that came back, in their order: what adds up over runs. */
  readonly timesMs: readonly number[];
  readonly medianMs?: number;
  readonly worstMs?: number;
  /** The stated time, as often as the run allows it. */
  readonly promisedMs: number;
  /** Connections that were held and that the scenario may not end. */
  readonly held: number;
  readonly lostBytes: number;
  readonly leftovers: number;
  readonly failures: readonly Failure[];
};

export type Summary = {
  readonly seed: number;
  /** Times the stated time was allowed. */
  readonly slack: number;
  readonly faults: number;
  readonly recovered: number;
  readonly lostBytes: number;
  readonly leftovers: number;
  readonly scenarios: readonly ScenarioSummary[];
  /** Scenarios that were not run on this instance, and why. */
  readonly left: readonly { readonly scenario: string; readonly why: string }[];
};

export const medianOf = (numbers: readonly number[]): number | undefined => {
  const sorted = numbers.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? undefined : Math.round((low + high) / 2);
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** Recovered is only what was broken and recovered in time. */
const isRecovered = (outcome: Outcome): boolean =>
  !judge(outcome).some(({ kind }) => kind === 'not-recovered' || kind === 'not-injected');

const summarizeOne = (scenario: Scenario, outcomes: readonly Outcome[]): ScenarioSummary => {
  const times = outcomes.flatMap(({ recovery }) => (recovery.isRecovered ? [recovery.afterMs] : []));
  const [medianMs, worstMs] = [medianOf(times), times.length > 0 ? Math.max(...times) : undefined];
  const untouched = outcomes.flatMap(({ held }) => held.filter(({ way }) => !isCut(scenario, way)));
  return {
    ...{ scenario: scenario.name, faults: outcomes.length, recovered: outcomes.filter(isRecovered).length },
    timesMs: times,
    ...(medianMs !== undefined && { medianMs }),
    ...(worstMs !== undefined && { worstMs }),
    promisedMs: scenario.promiseSeconds * 1_000,
    ...{ held: untouched.length, lostBytes: sum(untouched.map(({ lostBytes }) => lostBytes)) },
    leftovers: sum(outcomes.map(({ leftovers }) => leftovers.length)),
    failures: outcomes.flatMap(judge),
  };
};

export type Run = Pick<Summary, 'seed' | 'slack' | 'left'> & { readonly outcomes: readonly Outcome[] };

/** Scenarios in the order in which they were first run. */
export const summarize = ({ seed, slack, left, outcomes }: Run): Summary => {
  const byName = new Map(outcomes.map(({ scenario }) => [scenario.name, scenario]));
  const scenarios = [...byName.values()].map((scenario) =>
    summarizeOne(
      scenario,
      outcomes.filter((one) => one.scenario.name === scenario.name),
    ),
  );
  const total = (of: (one: ScenarioSummary) => number): number => sum(scenarios.map(of));
  return {
    ...{ seed, slack, faults: outcomes.length, recovered: total((one) => one.recovered) },
    ...{ lostBytes: total((one) => one.lostBytes), leftovers: total((one) => one.leftovers), scenarios, left },
  };
};

const seconds = (ms: number | undefined): string => (ms === undefined ? '-' : (ms / 1_000).toFixed(1));

const columns = [
  ...['scenario', 'faults', 'recovered', 'median s', 'worst s', 'allowed s'],
  ...['held', 'bytes lost', 'leftovers'],
];

const rowOf = (one: ScenarioSummary): readonly string[] => [
  ...[one.scenario, String(one.faults), String(one.recovered), seconds(one.medianMs), seconds(one.worstMs)],
  ...[seconds(one.promisedMs), String(one.held), String(one.lostBytes), String(one.leftovers)],
];

/** Words to the left, numbers to the right. */
const alignTable = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join('  '),
  );
};

/** The table that people read, with what failed below it. */
export const renderSummary = (summary: Summary): string => {
  const { seed, slack, faults, recovered, lostBytes, leftovers, scenarios, left } = summary;
  const allowed = slack === 1 ? '' : `, slack ${slack}`;
  const failures = scenarios.flatMap((one) => one.failures.map(({ text }) => `✖ ${one.scenario}: ${text}`));
  return [
    ...alignTable([columns, ...scenarios.map(rowOf)]),
    '',
    `${faults} faults, ${recovered} recovered in time, ${lostBytes} bytes lost, ${leftovers} leftovers (seed ${seed}${allowed})`,
    ...failures,
    ...left.map(({ scenario, why }) => `not run: ${scenario}: ${why}`),
  ].join('\n');
};

/** A case for each fault. */
export const casesOf = ({ outcomes, left }: Run): readonly Case[] => [
  ...outcomes.map((outcome, index): Case => {
    const failures = judge(outcome).map(({ text }) => text);
    const [message] = failures;
    const ms = outcome.recovery.isRecovered ? outcome.recovery.afterMs : 0;
    return {
      ...{ name: `${index + 1} ${outcome.scenario.name}`, className: 'taskgate.chaos', ms },
      ...(message !== undefined && {
        [outcome.error === undefined ? 'failure' : 'error']: {
          ...{ message, text: [outcome.injected, ...failures].filter(Boolean).join('\n') },
        },
      }),
    };
  }),
  ...left.map(({ scenario, why }): Case => ({ name: scenario, className: 'taskgate.chaos', ms: 0, skipped: why })),
];
