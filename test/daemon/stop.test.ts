import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stopTunnelDaemon, stopUnrecordedDaemons } from '../../src/daemon/stop.ts';
import { createInstance, findInstance } from '../../src/instance/instance.ts';
import { instancePaths } from '../../src/instance/paths.ts';
import { findProcess } from '../../src/lib/process/processes.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const deaf = "process.on('SIGTERM', () => console.log('asked'));";

/** A process in a tunnel daemon's place, with these arguments. */
const startDaemon = async (program: string, args: readonly string[] = []) => {
  const code = `${program} console.log('here'); setInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ['-e', code, '--', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const identity = await findProcess(child.pid ?? 0);
  if (!identity) throw new Error('it does not run');
  return { identity, ended: once(child, 'exit').then(([, signal]) => signal) };
};

const makeInstance = async () => {
  const home = await temporaryDir();
  return { home, instance: await createInstance(home, { name: 'dev', provider: 'attach' }) };
};

const journalOf = async (home: string) => (await findInstance(home, 'dev'))?.record().journal;

test.each([
  ['SIGTERM', ''],
  ['SIGKILL', deaf],
] as const)('a daemon is ended by %s, and forgotten', async (signal, program) => {
  const { home, instance } = await makeInstance();
  const { identity, ended } = await startDaemon(program);
  await instance.journal({ kind: 'tunnels', process: identity });
  const patience = { terminateMs: signal === 'SIGKILL' ? 100 : 10_000 };
  expect(await stopTunnelDaemon(instance, patience)).toBe(true);
  expect(await ended).toBe(signal);
  expect(await journalOf(home)).toEqual([]);
  expect(await stopTunnelDaemon(instance)).toBe(false);
});

test('a process that has its pid by now is let alone, and the daemon is forgotten', async () => {
  const { home, instance } = await makeInstance();
  const { identity } = await startDaemon('');
  await instance.journal({ kind: 'tunnels', process: { ...identity, startTicks: identity.startTicks - 1 } });
  expect(await stopTunnelDaemon(instance)).toBe(true);
  expect(await findProcess(identity.pid)).toEqual(identity);
  expect(await journalOf(home)).toEqual([]);
});

test('other resources stay in the journal', async () => {
  const { home, instance } = await makeInstance();
  const link = { kind: 'link', name: 'tg-01234567' } as const;
  await instance.journal(link);
  expect(await stopTunnelDaemon(instance)).toBe(false);
  expect(await journalOf(home)).toEqual([link]);
});

test('a daemon without a record is known by its program and its folder, and no other process is', async () => {
  const { home, instance } = await makeInstance();
  const { tunnelSpecPath } = instancePaths(instance.dir);
  const program = '/somewhere/scripts/tunnel-daemon.ts';
  const near = await Promise.all([
    startDaemon('', [program, `${tunnelSpecPath}.1`]),
    startDaemon('', [program, join(home, 'instances', 'dev2', 'tunnels.json')]),
    startDaemon('', ['/somewhere/scripts/my-tunnel-daemon.ts', tunnelSpecPath]),
    startDaemon('', ['/somewhere/scripts/tunnel-daemon.tsx', tunnelSpecPath]),
    startDaemon('', [program, tunnelSpecPath, 'more']),
  ]);
  const own = await startDaemon('', [program, tunnelSpecPath]);
  expect(await stopUnrecordedDaemons(instance.dir)).toBe(1);
  expect(await own.ended).toBe('SIGTERM');
  for (const { identity } of near) expect(await findProcess(identity.pid)).toEqual(identity);
});
