import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { withLock } from '../../../src/lib/process/lock.ts';
import { findProcess } from '../../../src/lib/process/processes.ts';
import { failureOf } from '../../support/failure-of.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const self = (await findProcess(process.pid)) ?? { pid: 0, startTicks: 0, bootId: '' };
const signal = new AbortController().signal;
const options = (waits: number[] = []) => ({ signal, onWait: (pid: number) => waits.push(pid), pollMs: 5 });

test('one process at a time; the lock names it and is removed afterwards', async () => {
  const path = join(await temporaryDir(), 'sub/lock');
  const events: string[] = [];
  const waits: number[] = [];
  const work = (name: string) => async () => {
    events.push(`${name} begins`);
    expect(await readFile(path, 'utf8')).toMatch(new RegExp(`^${process.pid} \\d+ [0-9a-f-]{36}$`));
    await pause(30);
    events.push(`${name} ends`);
  };
  await Promise.all(['a', 'b'].map((name) => withLock(path, options(waits), work(name))));
  const [first] = events[0]?.split(' ') ?? [];
  const second = first === 'a' ? 'b' : 'a';
  expect(events).toEqual([`${first} begins`, `${first} ends`, `${second} begins`, `${second} ends`]);
  expect(waits).toEqual([process.pid]);
  expect(await readdir(join(path, '..'))).toEqual([]);
});

test.each([
  ['a process that is gone', () => `4194999 1 ${self.bootId}`],
  ['a process whose pid is another one’s now', () => `${process.pid} 1 ${self.bootId}`],
  ['a process before the last boot', () => `${process.pid} ${self.startTicks} 9c1d4a0e`],
  ['a taskgate that wrote no boot', () => `${process.pid} ${self.startTicks}`],
  ['nobody', () => ''],
  ['someone we cannot read', () => 'what is this?'],
])('takes over the lock of %s', async (_, content) => {
  const path = join(await temporaryDir(), 'lock');
  await writeFile(path, content());
  expect(await withLock(path, options(), async () => 'done')).toBe('done');
  expect(await readdir(join(path, '..'))).toEqual([]);
});

test('waiting can be interrupted', async () => {
  const path = join(await temporaryDir(), 'lock');
  await writeFile(path, `${self.pid} ${self.startTicks} ${self.bootId}`);
  const controller = new AbortController();
  const onWait = () => controller.abort(new Error('interrupted'));
  const error = await failureOf(
    withLock(path, { signal: controller.signal, onWait, pollMs: 5 }, async () => undefined),
  );
  expect(error.message).toBe('interrupted');
  expect(await readFile(path, 'utf8')).not.toBe('');
});

test('a failure gives the lock back', async () => {
  const path = join(await temporaryDir(), 'lock');
  const failing = withLock(path, options(), () => Promise.reject(new Error('broken')));
  expect((await failureOf(failing)).message).toBe('broken');
  expect(await withLock(path, options(), async () => 'again')).toBe('again');
});
