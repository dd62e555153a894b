import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  findInstanceChanger,
  type LockInput,
  withChaosLock,
  withImagesLock,
  withInstanceLock,
} from '../../src/instance/lock.ts';
import { findProcess } from '../../src/lib/process/processes.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const noNote = (text: string): never => {
  throw new Error(text);
};

const withLock = <T>(input: LockInput, work: () => Promise<T>) => withInstanceLock(input, work, noNote);

const inputFor = (stateDir: string) => ({
  config: { name: 'dev' },
  folders: { stateDir },
  signal: new AbortController().signal,
  env: {},
});

const lockAs = async (stateDir: string, pid: number, startTicks?: number): Promise<void> => {
  const owner = await findProcess(pid);
  await mkdir(join(stateDir, 'locks'));
  await writeFile(join(stateDir, 'locks', 'dev'), `${pid} ${startTicks ?? owner?.startTicks} ${owner?.bootId}`);
};

test('an instance that is being changed is refused at once, with the process that changes it', async () => {
  const input = inputFor(await temporaryDir());
  const second = withLock(input, () => withLock(input, async () => 'both'));
  await expect(second).rejects.toMatchObject({
    id: 'environment.locked',
    message: `instance dev is being changed by process ${process.pid}`,
    hint: `wait until it has ended, or end it: kill ${process.pid}`,
  });
});

test('another instance is not locked by it', async () => {
  const input = inputFor(await temporaryDir());
  const other = { ...input, config: { name: 'other' } };
  expect(await withLock(input, () => withLock(other, async () => 'both'))).toBe('both');
});

test('who changes an instance: another process that runs', async () => {
  const stateDir = await temporaryDir();
  expect(await findInstanceChanger(stateDir, 'dev')).toBeUndefined();
  await lockAs(stateDir, process.ppid);
  expect(await findInstanceChanger(stateDir, 'dev')).toBe(process.ppid);
  expect(await findInstanceChanger(stateDir, 'other')).toBeUndefined();
});

test('neither this process nor one that is gone', async () => {
  const stateDir = await temporaryDir();
  const found = await withLock(inputFor(stateDir), () => findInstanceChanger(stateDir, 'dev'));
  expect(found).toBeUndefined();
  const other = await temporaryDir();
  await lockAs(other, process.ppid, 1);
  expect(await findInstanceChanger(other, 'dev')).toBeUndefined();
});

test('two that break one instance exclude each other', async () => {
  const input = inputFor(await temporaryDir());
  const second = withChaosLock(input, () => withChaosLock(input, async () => 'both'));
  await expect(second).rejects.toMatchObject({
    id: 'environment.locked',
    message: `instance dev is being broken on purpose by process ${process.pid}`,
    hint: `wait until it has ended, or end it: kill -INT ${process.pid}`,
  });
  expect(await withChaosLock(input, async () => 'again')).toBe('again');
});

test('another instance may be broken meanwhile, and this one be brought up again', async () => {
  const input = inputFor(await temporaryDir());
  const other = { ...input, config: { name: 'other' } };
  const work = () => withChaosLock(other, () => withLock(input, async () => 'up'));
  expect(await withChaosLock(input, work)).toBe('up');
  expect(await withChaosLock(input, () => findInstanceChanger(input.folders.stateDir, 'dev'))).toBeUndefined();
});

test('who loads images waits for who loads images, and is told for whom', async () => {
  const input = inputFor(await temporaryDir());
  const first = Promise.withResolvers<void>();
  const order: (string | number)[] = [];
  const load = (name: string, until: Promise<void>) =>
    withImagesLock(
      input,
      async () => {
        order.push(name);
        await until;
      },
      (pid) => order.push(pid),
    );
  const loading = load('first', first.promise);
  await expect.poll(() => order).toEqual(['first']);
  const waiting = load('second', Promise.resolve());
  await expect.poll(() => order).toEqual(['first', process.pid]);
  first.resolve();
  await Promise.all([loading, waiting]);
  expect(order).toEqual(['first', process.pid, 'second']);
});
