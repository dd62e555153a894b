import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EnsuredMaster } from '../../src/commands/master/ensure.ts';
import type { MasterStatus } from '../../src/commands/master/look.ts';
import { determinedPaths } from '../../src/instance/paths.ts';
import { findByArguments } from '../../src/lib/process/by-arguments.ts';
import { isRunning } from '../../src/lib/process/processes.ts';
import { polling, waitUntil } from '../../src/lib/wait.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';
import { writeSmallMaster } from '../support/stack/small-master.ts';

const name = 'own-master';
let taskgate: Taskgate;
let program: string;

beforeAll(async () => {
  taskgate = await makeTaskgate();
  program = await writeSmallMaster(join(taskgate.stateHome, 'program'));
  expect(ending(await taskgate.run('up', '--name', name))).toBe('exit 0');
});
afterAll(() => taskgate.close(name));

const master = (...args: readonly string[]) => taskgate.run('master', ...args, '--name', name);
const statusOf = async (): Promise<MasterStatus> =>
  JSON.parse((await master('status', '--json')).stdout) as MasterStatus;

/** Kills the supervisor, and waits for the end of what the kernel ends with it. */
const killKeeper = async (): Promise<void> => {
  const { journal } = await taskgate.record(name);
  const keeper = journal.find((one) => one.kind === 'master')?.process;
  if (!keeper) throw new Error('no master is in the journal');
  process.kill(keeper.pid, 'SIGKILL');
  const look = polling(() => isRunning(keeper), 20);
  await waitUntil('its end', look, (is) => !is || 'it runs', { timeoutMs: 5_000, id: 'cluster.not-ended' });
};

/** Processes of the master and its database. */
const processes = async () => {
  const { determinedDir } = determinedPaths(taskgate.dirOf(name));
  return findByArguments((args) => args.some((one) => one.startsWith(determinedDir)) || args.includes(program));
};

test('a port that a stranger has: nothing is started', async () => {
  const stranger = createServer((_, response) => response.end('hello')).listen(taskgate.masterPort, '127.0.0.1');
  try {
    const { exitCode, stderr } = await master('up', '--master-program', program);
    expect(stderr).toContain('[environment.master-port]');
    expect(exitCode).toBe(3);
  } finally {
    stranger.closeAllConnections();
    stranger.close();
  }
  expect(await processes()).toEqual([]);
});

test('a program that is not there is refused before anything is made', async () => {
  const { stderr } = await taskgate.run('up', '--name', name, '--with-master', '--master-program', '/no/master');
  expect(stderr).toContain('--master-program: /no/master is not there [usage.master-program]');
});

test('a root that is none is refused', async () => {
  const { stderr, exitCode } = await master('up', '--master-program', '/bin/true', '--master-root', '/');
  expect(stderr).toContain('--master-root: / has no static/ [usage.master-root]');
  expect(exitCode).toBe(2);
});

test('master up starts it over the instance, with a PostgreSQL of its own; a second one changes nothing', async () => {
  const first = await master('up', '--master-program', program, '--json');
  expect(ending(first)).toBe('exit 0');
  const url = `http://127.0.0.1:${taskgate.masterPort}`;
  expect(JSON.parse(first.stdout) as EnsuredMaster).toMatchObject({ url, how: 'started', isNew: true });
  const again = await master('up', '--json');
  expect(JSON.parse(again.stdout) as EnsuredMaster).toMatchObject({ how: 'running', isNew: false });
  expect(await statusOf()).toMatchObject({ state: 'running', url });
  const { configPath, databasePasswordPath, specPath } = determinedPaths(taskgate.dirOf(name));
  for (const path of [configPath, databasePasswordPath, specPath]) expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await taskgate.run('status', '--name', name)).stdout).toContain(`web UI     ${url}, running`);
  expect((await master('logs')).stdout).toContain('accepting incoming connections');
});

test('a supervisor killed by SIGKILL: 10 of 10 times the master is back, with its data', async () => {
  const backMs: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    await killKeeper();
    const startedAt = performance.now();
    const ended = await master('up', '--json');
    expect(ending(ended)).toBe('exit 0');
    backMs.push(Math.round(performance.now() - startedAt));
    expect(JSON.parse(ended.stdout) as EnsuredMaster).toMatchObject({ how: 'started', isNew: false });
  }
  expect(backMs).toHaveLength(10);
});

test('one that is gone is a problem of status, with the command that mends it', async () => {
  await killKeeper();
  const { stdout, exitCode } = await taskgate.run('status', '--name', name);
  expect(stdout).toContain('the master and its database are gone');
  expect(exitCode).toBe(3);
  expect(ending(await master('up'))).toBe('exit 0');
});

test('master down ends both and keeps the data; what another master has on the port is used as it is', async () => {
  expect(ending(await master('down'))).toBe('exit 0');
  expect(await processes()).toEqual([]);
  const info = JSON.stringify({ version: '0.38.1', cluster_id: 'mine', cluster_name: '' });
  const own = createServer((_, response) => response.end(info)).listen(taskgate.masterPort, '127.0.0.1');
  try {
    expect(JSON.parse((await master('up', '--json')).stdout) as EnsuredMaster).toMatchObject({ how: 'yours' });
    expect(await processes()).toEqual([]);
  } finally {
    own.closeAllConnections();
    own.close();
  }
});

test('down leaves nothing of it', async () => {
  expect(ending(await master('up', '--master-program', program))).toBe('exit 0');
  expect(ending(await taskgate.run('down', '--name', name))).toBe('exit 0');
  expect(await processes()).toEqual([]);
});
