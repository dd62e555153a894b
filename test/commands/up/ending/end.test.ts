import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { describeRest, endOf, noteEnd } from '../../../../src/commands/up/ending/end.ts';
import { findInstance, type Instance } from '../../../../src/instance/instance.ts';
import { UserError } from '../../../../src/lib/errors.ts';
import { Interrupted } from '../../../../src/lib/process/interrupted.ts';
import type { Outcome } from '../../../../src/model/stage.ts';
import { begunUp } from '../../../support/up-context.ts';

const stage = (title: string, outcome: Outcome) => ({ title, outcome, startMs: 0, endMs: 1 });
const cutOff = [
  stage('Check this machine', 'done'),
  stage('Start the cluster', 'done'),
  stage('Load images', 'cancelled'),
];
const since = '2026-01-02T03:05:00.000Z';

const runOf = async (stages = cutOff) => {
  const { up, instance } = await begunUp({ record: { unfinished: { since } } });
  return { run: { context: up, result: { instance }, stages, notes: [] }, instance };
};

/** As another process reads it. */
const onDisk = async ({ dir }: Instance, stateDir: string) => {
  const found = await findInstance(stateDir, dir.slice(dir.lastIndexOf('/') + 1));
  return found?.record().unfinished;
};

test('the step that failed is kept, not one that was cut off by it', async () => {
  const { run, instance } = await runOf([...cutOff, stage('Install the Gateway API', 'failed')]);
  await noteEnd(run, true);
  const { stateDir } = run.context.folders;
  expect(await onDisk(instance, stateDir)).toEqual({ since, step: 'Install the Gateway API' });
  await noteEnd(run, false);
  expect(await onDisk(instance, stateDir)).toBeUndefined();
});

test('of an interrupted run the step that was at work is kept', async () => {
  const { run, instance } = await runOf();
  await noteEnd(run, true);
  expect(await onDisk(instance, run.context.folders.stateDir)).toEqual({ since, step: 'Load images' });
});

test('a folder that was removed is not made again', async () => {
  const { run, instance } = await runOf();
  await rm(instance.dir, { recursive: true });
  await noteEnd(run, true);
  expect(await findInstance(run.context.folders.stateDir, 'dev')).toBeUndefined();
  expect(await describeRest(run)).toBe('the half-made cluster was removed');
  expect(await describeRest({ ...run, stages: [stage('Check this machine', 'cancelled')] })).toBeUndefined();
});

test('an interruption says what stays, how to continue and how to remove it', async () => {
  const { run, instance } = await runOf();
  await instance.journal({ kind: 'link', name: 'tg0' });
  const ended = await endOf(run, new Interrupted('SIGINT'));
  expect(ended).toMatchObject({
    message: 'interrupted by SIGINT',
    rest: 'instance dev stays, its cluster is stopped\nto continue: taskgate up --name dev; to remove it: taskgate down --name dev',
  });
});

test('a deadline says it, too; any other error stays as it is', async () => {
  const { run } = await runOf();
  const late = new UserError('up did not finish within 8s', { id: 'environment.deadline', hint: 'run it again' });
  expect(await endOf(run, late)).toMatchObject({
    id: 'environment.deadline',
    message: expect.stringMatching(/^up did not finish within 8s; instance dev stays, its cluster is /),
    hint: 'run it again',
  });
  const other = new Error('no disk');
  expect(await endOf(run, other)).toBe(other);
});
