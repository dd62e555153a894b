import { expect, test } from 'vitest';
import { judge, type Outcome } from '../../../src/commands/chaos/judge.ts';
import { scenarios } from '../../../src/commands/chaos/scenarios.ts';
import { heldTotal, outcomeOf } from '../../support/chaos.ts';

const kindsOf = (more: Partial<Outcome>, scenario?: string) => judge(outcomeOf(more, scenario)).map(({ kind }) => kind);

test('a fault that kept every promise has no failures', () => {
  expect(judge(outcomeOf())).toEqual([]);
});

test.each([
  ['on time to the millisecond', 30_000, []],
  ['a millisecond late', 30_001, ['it recovered after 30001 ms, and 30000 ms are allowed']],
])('recovered %s', (_, afterMs, texts) => {
  const failures = judge(outcomeOf({ recovery: { isRecovered: true, afterMs } }));
  expect(failures.map(({ text }) => text)).toEqual(texts);
});

test('what never recovered is told with what was seen last', () => {
  expect(judge(outcomeOf({ recovery: { isRecovered: false, seen: 'etcd is backoff' } }))).toEqual([
    { kind: 'not-recovered', text: 'it did not recover: etcd is backoff' },
  ]);
});

test.each([
  ['one byte lost', { lostBytes: 1 }, 'a held connection (forward) lost 1 bytes; its longest wait was 0.1 s'],
  [
    'nothing lost, but ended',
    { failure: 'read ECONNRESET' },
    'a held connection (forward) lost 0 bytes: read ECONNRESET; its longest wait was 0.1 s',
  ],
])('a held connection that the scenario does not touch: %s', (_, more, text) => {
  const held = [
    { way: 'forward' as const, ...heldTotal },
    { way: 'forward' as const, ...heldTotal, ...more },
  ];
  expect(judge(outcomeOf({ held }))).toEqual([{ kind: 'bytes-lost', text }]);
});

test.each([
  ['envoy-killed', 'forward', []],
  ['envoy-killed', 'reverse', ['bytes-lost']],
  ['ssh-killed', 'forward', ['bytes-lost']],
  ['ssh-killed', 'reverse', []],
  ['envoy-frozen', 'forward', ['bytes-lost']],
] as const)('%s may end a connection of the way it cuts only: %s', (scenario, way, kinds) => {
  expect(kindsOf({ held: [{ way, ...heldTotal, lostBytes: 1 }] }, scenario)).toEqual(kinds);
});

test.each([
  ['api-429', 1, ['request-failed']],
  ['api-500', 1, ['request-failed']],
  ['api-429', 0, []],
  ['etcd-killed', 1, []],
] as const)('%s with %i listeners that failed', (scenario, failures, kinds) => {
  expect(kindsOf({ churn: { rounds: 3, failures, lastFailure: 'refused' } }, scenario)).toEqual(kinds);
});

test.each([
  ['supervisor-killed', []],
  ['containerd-killed', ['request-failed']],
  ['link-down', ['request-failed']],
] as const)('%s, after which no listener of the traffic answered: its server ends with a node', (scenario, kinds) => {
  expect(kindsOf({ churn: { rounds: 0, failures: 3, lastFailure: 'ECONNRESET' } }, scenario)).toEqual(kinds);
});

test.each([
  ['no listener came and went', { churn: { rounds: 0, failures: 0 } }, ['request-failed']],
  ['none did, and the last failed', { churn: { rounds: 0, failures: 2, lastFailure: 'refused' } }, ['request-failed']],
  ['no connection was held', { held: [] }, ['bytes-lost']],
  [
    'no held connection got an answer',
    { held: [{ way: 'forward' as const, ...heldTotal, answered: 0 }] },
    ['bytes-lost'],
  ],
])('nothing is proven where %s', (_, more, kinds) => {
  expect(kindsOf(more)).toEqual(kinds);
  expect(kindsOf(more, 'api-500')).toEqual(kinds);
  expect(judge(outcomeOf(more))[0]?.text).toContain('nothing is proven');
});

test('an error in the middle of a fault is a failure', () => {
  expect(judge(outcomeOf({ error: 'the path is broken' }))).toEqual([
    { kind: 'not-recovered', text: 'it ended by an error: the path is broken' },
  ]);
});

test('one leftover is one failure', () => {
  expect(judge(outcomeOf({ leftovers: ['left: listener det-20000'] }))).toEqual([
    { kind: 'left-behind', text: 'left: listener det-20000' },
  ]);
});

test('what was not injected is an error, however well all is', () => {
  expect(judge(outcomeOf({ notInjected: 'there is no process of etcd' }))).toEqual([
    { kind: 'not-injected', text: 'there is no process of etcd' },
  ]);
});

test('each scenario has a name of its own and a time that is stated', () => {
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
  expect(scenarios.filter(({ promiseSeconds }) => promiseSeconds < 1)).toEqual([]);
});
