import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ChildStatus } from '../../src/supervisor/spec.ts';
import { serveStatus } from '../../src/supervisor/status-socket.ts';
import { untilChildrenReady } from '../../src/supervisor/until-ready.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const ready = { name: 'etcd', state: 'ready', restarts: 0 } as const;
const lastExit = 'could not be started: spawn /cache/kube-scheduler ENOENT';
const looping = { name: 'kube-scheduler', state: 'backoff', restarts: 3, ends: 3, lastExit } as const;

/** Answers with each of these in turn; the last one stays. */
const serve = async (...answers: readonly (readonly ChildStatus[])[]) => {
  const dir = await temporaryDir();
  const socketPath = join(dir, 'keeper.sock');
  let asked = 0;
  const next = () => answers[Math.min(asked++, answers.length - 1)];
  await serveStatus(socketPath, () => ({ instance: 'dev', uptimeMs: 1, children: next() }));
  return (timeoutMs = 10_000) =>
    untilChildrenReady({ socketPath, logsDir: dir, timeoutMs, signal: new AbortController().signal });
};

test('waits for all of them, also for one that is started again', async () => {
  const wait = await serve(
    [ready, looping],
    [ready, { ...looping, state: 'starting' }],
    [ready, { ...looping, state: 'ready' }],
  );
  await expect(wait()).resolves.toBeUndefined();
});

test('one that has ended four times ends the wait at once, with how it ended', async () => {
  const wait = await serve([ready, looping], [ready, { ...looping, restarts: 4, ends: 4 }]);
  await expect(wait()).rejects.toMatchObject({
    id: 'cluster.not-started',
    message: `kube-scheduler ended 4 times while starting: ${lastExit}`,
  });
});

test('one that ended four times over weeks, and is started again now, is waited for', async () => {
  const old = { ...looping, restarts: 5, ends: 1 };
  const wait = await serve([ready, old], [ready, { ...old, state: 'starting' }], [ready, { ...old, state: 'ready' }]);
  await expect(wait()).resolves.toBeUndefined();
});

test('at the deadline those are named that are not ready', async () => {
  const wait = await serve([ready, { ...looping, state: 'starting' }]);
  await expect(wait(500)).rejects.toThrow(/^The node's processes not ready after .*: not ready: kube-scheduler$/);
});

test('no supervisor: said at the deadline', async () => {
  const dir = await temporaryDir();
  await writeFile(join(dir, 'keeper.sock'), '');
  const wait = {
    socketPath: join(dir, 'keeper.sock'),
    logsDir: dir,
    timeoutMs: 300,
    signal: new AbortController().signal,
  };
  await expect(untilChildrenReady(wait)).rejects.toThrow('the supervisor does not answer');
});
