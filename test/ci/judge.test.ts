import { expect, test } from 'vitest';
import type { SuiteEvent } from '../../scripts/ci/events.ts';
import { type AllowedSkip, type Ending, judgeCommand, judgeSuite } from '../../scripts/ci/judge.ts';

const end = (name: string, state: 'passed' | 'failed' | 'skipped', retries = 0): SuiteEvent => ({
  event: 'end',
  name,
  state,
  retries,
});
const done: SuiteEvent = { event: 'done' };
const good: Ending = { how: 'exit', exitCode: 0 };
const bad: Ending = { how: 'exit', exitCode: 1 };
const allowed = (name: string, suite = 'unit'): AllowedSkip => ({ suite, name, reason: 'because' });

type Rules = {
  readonly least?: number;
  readonly files?: readonly string[];
  readonly allowedSkips?: readonly AllowedSkip[];
};
const judge = (
  events: readonly SuiteEvent[],
  ending: Ending,
  { least = 1, files = [], allowedSkips = [] }: Rules = {},
) => judgeSuite(events, ending, { suite: 'unit', least, files, allowedSkips });

test('a suite whose tests pass has no problem', () => {
  const verdict = judge([end('a', 'passed'), end('b', 'passed'), done], good, { least: 2 });
  expect(verdict).toEqual({ passed: 2, failed: 0, skipped: 0, problems: [], retried: [] });
});

test('a failed test is one failure, and named', () => {
  const verdict = judge([end('a', 'passed'), end('b', 'failed'), done], bad);
  expect(verdict).toMatchObject({ passed: 1, failed: 1, problems: ['failed: b'] });
});

test('one test fewer than the least is a failure', () => {
  const verdict = judge([end('a', 'passed'), end('b', 'passed'), done], good, { least: 3 });
  expect(verdict).toMatchObject({ passed: 2, failed: 1, problems: ['2 tests, expected at least 3'] });
});

test('a file of which no test was run is a failure; one with a skipped test, or that could not be loaded, is none', () => {
  const files = ['a.test.ts', 'b.test.ts', 'c.test.ts', 'd.test.ts'];
  const events: SuiteEvent[] = [
    end('a.test.ts > one', 'passed'),
    end('b.test.ts > two', 'skipped'),
    { event: 'error', where: 'c.test.ts > group', message: 'no' },
  ];
  const rules = { files, allowedSkips: [allowed('b.test.ts > two')] };
  const problems = ['c.test.ts > group: no', 'no test of d.test.ts was run'];
  expect(judge([...events, done], bad, rules)).toMatchObject({ passed: 1, failed: 2, problems });
  const early = { how: 'interrupted' } as const;
  expect(judge(events, early, rules).problems).toEqual(['c.test.ts > group: no', 'interrupted; running: no test']);
});

test('a skipped test that is on the list is none; another, and one whose name only begins so, is', () => {
  const rules = { allowedSkips: [allowed('a')] };
  expect(judge([end('a', 'skipped'), done], good, rules)).toMatchObject({ failed: 0, skipped: 1 });
  const events = [end('a', 'skipped'), end('a > b', 'skipped'), done];
  const problems = ['skipped, and not on the list: a > b'];
  expect(judge(events, good, rules)).toMatchObject({ failed: 1, skipped: 2, problems });
});

test.each([
  [[end('a', 'passed'), done], 'on the list of skipped tests, but passed: a'],
  [[end('b', 'passed'), done], 'on the list of skipped tests, but not there: a'],
])('a listed test that is not skipped is a failure: %#', (events, problem) => {
  expect(judge(events, good, { allowedSkips: [allowed('a')] })).toMatchObject({ failed: 1, problems: [problem] });
});

test("the list of another suite is not this one's", () => {
  const verdict = judge([end('a', 'skipped'), done], good, { allowedSkips: [allowed('a', 'e2e')] });
  expect(verdict.failed).toBe(1);
});

test('a file that cannot be loaded counts beside a failed test', () => {
  const events: SuiteEvent[] = [{ event: 'error', where: 'x.test.ts', message: 'no' }, end('a', 'failed'), done];
  expect(judge(events, bad)).toMatchObject({ passed: 0, failed: 2, problems: ['failed: a', 'x.test.ts: no'] });
});

test('an exit code that no test explains is a failure; one that a failed test does is not counted twice', () => {
  const problems = ['exit code 1, for no test: see its output'];
  expect(judge([end('a', 'passed'), done], bad)).toMatchObject({ passed: 1, failed: 1, problems });
  expect(judge([end('a', 'failed'), done], bad).failed).toBe(1);
});

test.each([good, bad])('a report that stops before its end is a failure: %j', (ending) => {
  const problems = [`ended before its report did, with exit code ${ending.how === 'exit' && ending.exitCode}`];
  expect(judge([end('a', 'passed')], ending)).toMatchObject({ passed: 1, failed: 1, problems });
});

test.each<[Ending, string]>([
  [{ how: 'limit', seconds: 5 }, 'ended at its limit of 5 s'],
  [{ how: 'run-limit', minutes: 3 }, 'ended at the limit of the whole run of 3 min'],
  [{ how: 'interrupted' }, 'interrupted'],
])('what was running when it was ended: %j', (ending, why) => {
  const events: SuiteEvent[] = [end('a', 'passed'), { event: 'start', name: 'b' }];
  expect(judge(events, ending)).toMatchObject({ passed: 1, failed: 1, problems: [`${why}; running: b`] });
});

test('a test that passed only at a second try is told', () => {
  expect(judge([end('a', 'passed', 1), end('b', 'passed', 0), done], good)).toMatchObject({
    failed: 0,
    retried: ['a'],
  });
});

test.each<[Ending, number, readonly string[]]>([
  [good, 0, []],
  [bad, 1, ['exit code 1']],
  [{ how: 'limit', seconds: 7 }, 1, ['ended at its limit of 7 s']],
  [{ how: 'interrupted' }, 1, ['interrupted']],
])('a command counts as one test: %j', (ending, failed, problems) => {
  expect(judgeCommand(ending)).toEqual({ passed: 1 - failed, failed, skipped: 0, problems, retried: [] });
});
