import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { type FindPid, freezeProcess, killProcess } from '../../src/commands/chaos/faults/processes.ts';

const started: ChildProcess[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) {
    const ended = child.exitCode !== null || child.signalCode !== null ? undefined : once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
});

const startSleep = async (): Promise<ChildProcess> => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  started.push(child);
  await once(child, 'spawn');
  return child;
};

test('killed: it is seen to be gone, and is back once another process does its work', async () => {
  let current: ChildProcess | undefined = await startSleep();
  const find: FindPid = async () => current?.pid;
  const former = current.pid;
  const broken = await killProcess('sleep', find).inject();
  expect(broken.seen).toBe(`process ${former} of sleep is gone`);
  current = undefined;
  expect(await broken.isBack()).toBe('it was not started again');
  current = await startSleep();
  expect(await broken.isBack()).toBe(true);
});

test('frozen: it is stopped until it is lifted, and then goes on', async () => {
  const child = await startSleep();
  const broken = await freezeProcess('sleep', async () => child.pid).inject();
  expect(broken.seen).toBe(`process ${child.pid} of sleep is stopped`);
  expect(await broken.isBack()).toBe('it is still stopped');
  await broken.lift?.();
  expect(await broken.isBack()).toBe(true);
});

test('frozen, and something else has it go on: that proves nothing', async () => {
  const child = await startSleep();
  const broken = await freezeProcess('sleep', async () => child.pid).inject();
  child.kill('SIGCONT');
  await expect.poll(broken.isBack).toBe(true);
  await expect(broken.lift?.()).rejects.toMatchObject({
    id: 'proof.not-injected',
    message: `the fault was not injected: process ${child.pid} of sleep went on by itself`,
  });
});

test('frozen, and something ends it: the fault is over', async () => {
  const child = await startSleep();
  const broken = await freezeProcess('sleep', async () => child.pid).inject();
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  await expect(broken.lift?.()).resolves.toBeUndefined();
});

test.each([
  ['killed', killProcess],
  ['frozen', freezeProcess],
] as const)('what is not there cannot be %s', async (_, make) => {
  await expect(make('etcd', async () => undefined).inject()).rejects.toMatchObject({
    id: 'proof.not-injected',
    message: 'the fault was not injected: there is no process of etcd',
  });
});
