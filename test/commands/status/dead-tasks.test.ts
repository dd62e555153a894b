import { expect, test } from 'vitest';
import { findDeadTasks } from '../../../src/commands/status/dead-tasks.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { type FakeKubeInput, fakeKube, refusal } from '../../fakes/kube.ts';
import { endedJob, gatewayWith, kindsOfTasks, leftOf, longAgo, place, taskOf } from '../../support/gateway/holdings.ts';

const a = taskOf('a', [20000]);
const b = taskOf('b', [20001]);

const find = (objects: readonly KubeObject[], input: FakeKubeInput = {}) =>
  findDeadTasks(fakeKube({ objects, kinds: kindsOfTasks, ...input }).kube, { ...place, name: 'dev' }, { pauseMs: 5 });

const nothing = { notes: [], problems: [] };

test('tasks that run are no problem, nor is a Gateway without any', async () => {
  expect(await find([gatewayWith({ 20000: 'a.1' }), a.job, ...leftOf(a)])).toEqual(nothing);
  expect(await find([gatewayWith({})])).toEqual(nothing);
  expect(await find([])).toEqual(nothing);
});

test('what a task has left that is no more is named, with the command that frees it', async () => {
  expect(await find([gatewayWith({ 20000: 'a.1' }), ...leftOf(a)])).toEqual({
    notes: [
      expect.stringMatching(
        /^task a\.1 is no more, but has left: listener det-20000, TCPRoute default\/det-a1b2c3d4-cmd-a-0, Service default\/det-a1b2c3d4-cmd-a-0 and 1 more; .*to see and free them: taskgate gateway clean --name dev$/,
      ),
    ],
    problems: [],
  });
});

test('several are counted', async () => {
  const { notes } = await find([gatewayWith({ 20000: 'a.1', 20001: 'b.1' }), ...leftOf(a), ...leftOf(b)]);
  expect(notes[0]).toMatch(/^2 tasks are no more, but have left: listener det-20000, .* and 5 more; /);
});

test('an annotation alone is named as such', async () => {
  const { notes } = await find([gatewayWith({ 20000: 'a.1' }, [20000])]);
  expect(notes[0]).toMatch(/^task a\.1 is no more, but has left: annotation of port 20000; /);
});

test('a task that runs without its listener is named: its master would kill it', async () => {
  expect(await find([gatewayWith({ 20000: 'a.1' }, [20000]), a.job, ...leftOf(a)])).toEqual({
    notes: [],
    problems: [
      {
        id: 'gateway.listener-lost',
        message: 'task a.1 runs, but its listener is gone from the Gateway: det-20000',
        hint: expect.stringContaining('save its work'),
      },
    ],
  });
});

test('a task whose Job has finished is none: its master is to learn how it ended, and a quarter of an hour later the Job is gone', async () => {
  const ended = [...leftOf(a), endedJob(a.job, longAgo)];
  expect(await find([gatewayWith({ 20000: 'a.1' }), ...ended])).toEqual(nothing);
  const both = gatewayWith({ 20000: 'a.1', 20001: 'b.1' });
  const { notes } = await find([both, ...ended, ...leftOf(b)]);
  expect(notes).toHaveLength(1);
  expect(notes[0]).toMatch(/^task b\.1 is no more, but has left: listener det-20001, /);
});

test('where the Jobs of the cluster may not be listed, no task is known to be dead', async () => {
  const { kube } = fakeKube({ objects: [gatewayWith({ 20000: 'a.1' })], kinds: kindsOfTasks });
  const list: typeof kube.list = async (selection) => {
    if (selection.kind === 'Job') throw refusal(403, 'Forbidden', 'jobs.batch is forbidden');
    return kube.list(selection);
  };
  expect(await findDeadTasks({ ...kube, list }, { ...place, name: 'dev' })).toEqual(nothing);
});
