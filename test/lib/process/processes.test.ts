import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import {
  childrenOf,
  findProcess,
  findStartByPs,
  isRunning,
  isSameProcess,
  signalProcess,
} from '../../../src/lib/process/processes.ts';

const startProcess = async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const ended = new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)));
  onTestFinished(() => void child.kill('SIGKILL'));
  const identity = await findProcess(child.pid ?? 0);
  if (!identity) throw new Error('it does not run');
  return { identity, ended };
};

test('a process is known by pid, start and boot', async () => {
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const startTicks = expect.any(Number);
  expect(await findProcess(process.pid)).toEqual({ pid: process.pid, startTicks, bootId });
  expect(await findProcess(4_194_999)).toBeUndefined();
});

const one = { pid: 10, startTicks: 20, bootId: 'a' };

test.each([
  [one, true],
  [{ ...one, pid: 11 }, false],
  [{ ...one, startTicks: 21 }, false],
  [{ ...one, bootId: 'b' }, false],
])('%o is the same process: %s', (other, expected) => {
  expect(isSameProcess(one, other)).toBe(expected);
});

test('the same pid and start time after a reboot are another process, which gets no signal', async () => {
  const { identity } = await startProcess();
  const earlier = { ...identity, bootId: 'an earlier boot' };
  expect(await isRunning(identity)).toBe(true);
  expect(await isRunning(earlier)).toBe(false);
  expect(await signalProcess(earlier, 'SIGKILL')).toBe(false);
  expect(await isRunning(identity)).toBe(true);
});

test('a signal reaches only its process, and no other after it has exited', async () => {
  const { identity, ended } = await startProcess();
  expect(await childrenOf(process.pid)).toContain(identity.pid);
  expect(await signalProcess(identity, 'SIGTERM')).toBe(true);
  expect(await ended).toBe('SIGTERM');
  expect(await isRunning(identity)).toBe(false);
  expect(await signalProcess(identity, 'SIGTERM')).toBe(false);
});

test('ps tells the start of a running process, as on systems without /proc', async () => {
  const started = await findStartByPs(process.pid);
  expect(Math.abs(Date.now() - process.uptime() * 1_000 - (started ?? 0))).toBeLessThan(5_000);
  expect(await findStartByPs(process.pid)).toBe(started);
});

test('ps tells nothing of one that is not there', async () => expect(await findStartByPs(2 ** 22 - 1)).toBeUndefined());

test('one that has ended and that nobody has reaped runs no more, as in a container without an init', async () => {
  // sleep takes the place of the shell, and never asks how the shell's child has ended, which waits for that
  const child = '(until grep -q sleep /proc/$$/comm; do :; done)';
  const parent = spawn('sh', ['-c', `${child} & echo $!; exec sleep 1000`], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void parent.kill('SIGKILL'));
  const [line] = await once(parent.stdout, 'data');
  const zombie = Number(line);
  await expect.poll(() => readFile(`/proc/${zombie}/stat`, 'utf8')).toMatch(/\) Z /);
  const [, ...fields] = (await readFile(`/proc/${zombie}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  expect(await findProcess(zombie)).toBeUndefined();
  expect(await isRunning({ pid: zombie, startTicks: Number(fields[18]), bootId })).toBe(false);
});
