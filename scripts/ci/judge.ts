import { runningIn, type SuiteEvent } from './events.ts';

/** Why a stage ended: by itself, at its time limit, at that of the whole run, or because that was told to end. */
export type Ending =
  | { readonly how: 'exit'; readonly exitCode: number }
  | { readonly how: 'limit'; readonly seconds: number }
  | { readonly how: 'run-limit'; readonly minutes: number }
  | { readonly how: 'interrupted' };

export type Count = { readonly passed: number; readonly failed: number; readonly skipped: number };

export type Verdict = Count & {
  /** What failed besides tests, and what was running when the stage was ended. */
  readonly problems: readonly string[];
  /** Tests that passed only after they had failed. */
  readonly retried: readonly string[];
};

/** A test that may be skipped, by its full name as Vitest shows it: file, groups and title, with ` > ` between them. */
export type AllowedSkip = { readonly suite: string; readonly name: string; readonly reason: string };

export type SuiteRules = {
  readonly suite: string;
  /** Fewer tests than this are a failure. */
  readonly least: number;
  /** The files of its tests: one of which it has shown no test is a failure. */
  readonly files: readonly string[];
  readonly allowedSkips: readonly AllowedSkip[];
};

/** What ended a stage early, or undefined. */
const describeEnding = (ending: Ending): string | undefined => {
  if (ending.how === 'limit') return `ended at its limit of ${ending.seconds} s`;
  if (ending.how === 'run-limit') return `ended at the limit of the whole run of ${ending.minutes} min`;
  if (ending.how === 'interrupted') return 'interrupted';
  return ending.exitCode === 0 ? undefined : `exit code ${ending.exitCode}`;
};

/** A stage that is no test suite counts as one test: it passes or it fails. */
export const judgeCommand = (ending: Ending): Verdict => {
  const problem = describeEnding(ending);
  const count = problem === undefined ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  return { ...count, skipped: 0, problems: problem === undefined ? [] : [problem], retried: [] };
};

type End = Extract<SuiteEvent, { event: 'end' }>;

const skipProblems = (ends: readonly End[], { suite, allowedSkips }: SuiteRules): readonly string[] => {
  const allowed = allowedSkips.filter((one) => one.suite === suite).map(({ name }) => name);
  const skipped = ends.filter(({ state }) => state === 'skipped').map(({ name }) => name);
  const stateOf = (name: string): string => ends.find((end) => end.name === name)?.state ?? 'not there';
  return [
    ...skipped.filter((name) => !allowed.includes(name)).map((name) => `skipped, and not on the list: ${name}`),
    ...allowed
      .filter((name) => !skipped.includes(name))
      .map((name) => `on the list of skipped tests, but ${stateOf(name)}: ${name}`),
  ];
};

const endingProblems = (ending: Ending, events: readonly SuiteEvent[], failures: number): readonly string[] => {
  const early = describeEnding(ending);
  const isDone = events.some(({ event }) => event === 'done');
  if (ending.how !== 'exit') return [`${early}; running: ${runningIn(events).join('; ') || 'no test'}`];
  if (!isDone) return [`ended before its report did, with exit code ${ending.exitCode}`];
  return early !== undefined && failures === 0 ? [`${early}, for no test: see its output`] : [];
};

/** One that could not be loaded has told so itself. */
const silentFiles = (events: readonly SuiteEvent[], { files }: SuiteRules): readonly string[] => {
  const told = events.flatMap((event) => {
    if (event.event === 'end') return [event.name.split(' > ')[0]];
    return event.event === 'error' ? [event.where.split(' > ')[0]] : [];
  });
  const seen = new Set(told);
  return files.filter((file) => !seen.has(file)).map((file) => `no test of ${file} was run`);
};

/**
 * What a suite has shown. Besides its failed tests these are failures, one each: an error outside of tests, such as a file
 * that cannot be loaded; a skipped test that is not on the list, and a listed one that is not skipped; a file
 * without a test; fewer tests than expected; an end that is not the suite's own.
 */
export const judgeSuite = (events: readonly SuiteEvent[], ending: Ending, rules: SuiteRules): Verdict => {
  const ends = events.filter((event) => event.event === 'end');
  const counted = (state: End['state']): number => ends.filter((end) => end.state === state).length;
  const errors = events.filter((event) => event.event === 'error').map(({ where, message }) => `${where}: ${message}`);
  const failures = counted('failed') + errors.length;
  const few = ends.length < rules.least ? [`${ends.length} tests, expected at least ${rules.least}`] : [];
  // of a suite that was ended, nobody knows which tests it would have run or skipped
  const ofWhole = events.some(({ event }) => event === 'done')
    ? [...skipProblems(ends, rules), ...few, ...silentFiles(events, rules)]
    : [];
  const problems = [...errors, ...ofWhole, ...endingProblems(ending, events, failures)];
  return {
    passed: counted('passed'),
    failed: counted('failed') + problems.length,
    skipped: counted('skipped'),
    problems: [...ends.filter(({ state }) => state === 'failed').map(({ name }) => `failed: ${name}`), ...problems],
    retried: ends.filter(({ retries, state }) => retries > 0 && state === 'passed').map(({ name }) => name),
  };
};
