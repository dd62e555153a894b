import { expect, test } from 'vitest';
import { problemsOfMaster } from '../../../src/commands/master/look.ts';
import type { ChildStatus } from '../../../src/supervisor/spec.ts';

const ways = { name: 'two', again: 'run: taskgate up --name two' };
const url = 'http://127.0.0.1:8080';

test('a master that does not come up: the command for its log names the instance', () => {
  const child: ChildStatus = { name: 'postgres', state: 'waiting', restarts: 9, ends: 4, lastExit: 'it ended with 1' };
  expect(problemsOfMaster({ state: 'starting', url, processes: [child] }, ways)).toEqual([
    {
      id: 'environment.master-not-started',
      message: 'postgres does not come up: it ended with 1',
      hint: 'see its log: taskgate logs postgres --name two',
    },
  ]);
});

test.each([
  ['stopped', 'environment.master-stopped'],
  ['running', 'environment.master-silent'],
] as const)('one that is %s without processes is mended by the command that is given', (state, id) => {
  expect(problemsOfMaster({ state, url, processes: [] }, ways)).toMatchObject([{ id, hint: ways.again }]);
});
