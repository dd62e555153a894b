import { expect, test } from 'vitest';
import { describeChanger, judgeUnfinished } from '../../../src/commands/status/unfinished.ts';
import { instanceRecord } from '../../support/context.ts';

const again = 'run: taskgate up --name dev';
const problems = [
  { id: 'cluster.child-not-ready', message: 'kube-apiserver is starting', hint: 'see: taskgate logs' },
] as const;
const since = '2026-01-02T03:05:00.000Z';
const judge = (record: Parameters<typeof instanceRecord>[0], changer?: Parameters<typeof judgeUnfinished>[1]) =>
  judgeUnfinished({ record: instanceRecord(record), problems, again }, changer);

test('an instance whose up came to its end has the problems that were found', () => {
  expect(judge({})).toEqual(problems);
});

test('while a process changes it, what is not ready yet is no problem', () => {
  const wait = { id: 'environment.locked', hint: 'wait until it has ended' };
  expect(judge({ unfinished: { since } }, { pid: 4711, command: 'up' })).toEqual([
    { ...wait, message: 'process 4711 (taskgate up) is changing it' },
  ]);
  expect(judge({}, { pid: 4711 })).toEqual([{ ...wait, message: 'process 4711 is changing it' }]);
});

test('a healthy instance stays healthy while an up looks at it', () => {
  const healthy = { record: instanceRecord({}), problems: [], again };
  expect(judgeUnfinished(healthy, { pid: 4711, command: 'up' })).toEqual([]);
});

test.each([
  ['stopped at "Install Contour and the Gateway"', { since, step: 'Install Contour and the Gateway' }],
  ['was killed before it came to its end', { since }],
])('an up that %s is the one problem of what it did not make', (where, unfinished) => {
  expect(judge({ unfinished })).toEqual([{ id: 'cluster.unfinished', message: `the last up ${where}`, hint: again }]);
});

test('a process of another user may hide its command', () => {
  expect(describeChanger({ pid: 4711 })).toBe('process 4711');
});
