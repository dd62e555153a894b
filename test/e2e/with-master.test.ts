import { randomUUID } from 'node:crypto';
import { cp, mkdir, readdir, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EnsuredMaster } from '../../src/commands/master/ensure.ts';
import type { MasterStatus } from '../../src/commands/master/look.ts';
import { determinedPaths } from '../../src/instance/paths.ts';
import { isThere } from '../../src/lib/files.ts';
import { findByArguments } from '../../src/lib/process/by-arguments.ts';
import { isRunning } from '../../src/lib/process/processes.ts';
import { polling, waitUntil } from '../../src/lib/wait.ts';
import type { Proven } from '../../src/proof/prove.ts';
import { type MasterApi, openSession } from '../../src/proof/real-master/api.ts';
import { masterHttp } from '../../src/proof/real-master/http.ts';
import { commandConfig, taskPort } from '../../src/proof/real-master/task.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';
import { programRoot, program as standIn } from '../support/master/program.ts';
import { writeSmallMaster } from '../support/stack/small-master.ts';

const name = 'own-master';
let taskgate: Taskgate;
/** A small stand-in, for what is no matter of tasks. */
let program: string;
let root: string;

/** What `up --json` says of the instance's own master. */
type Brought = { readonly ownMaster?: EnsuredMaster; readonly masterProof?: Proven; readonly provenAt?: string };

const image = ['--small-task-image', '--with-jupyterlab'];
let first: Brought;

const up = async (...args: readonly string[]): Promise<Brought> => {
  const ended = await taskgate.run('up', '--name', name, '--json', ...args);
  expect(ending(ended)).toBe('exit 0');
  return JSON.parse(ended.stdout) as Brought;
};

/** The stand-in's root, with the wheel that the cache has: its tasks install that. */
const makeRoot = async (): Promise<string> => {
  expect(ending(await taskgate.run('prefetch', '--json'))).toBe('exit 0');
  const folder = join(taskgate.stateHome, 'root');
  await cp(programRoot, folder, { recursive: true });
  const items = join(taskgate.cacheDir, 'items');
  const item = (await readdir(items)).find((one) => one.startsWith('determined-wheel-'));
  if (item === undefined) throw new Error('the cache has no wheel of determined');
  await mkdir(join(folder, 'wheels'), { recursive: true });
  await cp(join(items, item), join(folder, 'wheels'), { recursive: true });
  return folder;
};

beforeAll(async () => {
  taskgate = await makeTaskgate();
  program = await writeSmallMaster(join(taskgate.stateHome, 'program'));
  root = await makeRoot();
  first = await up('--with-master', '--master-program', standIn, '--master-root', root, ...image);
}, 1_800_000);
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
  return findByArguments(
    (args) => args.some((one) => one.startsWith(determinedDir)) || args.includes(program) || args.includes(standIn),
  );
};

const logIn = async (): Promise<MasterApi> => {
  const password = (await taskgate.file(name, 'admin-password')).trim();
  const http = masterHttp(new URL(`http://127.0.0.1:${taskgate.masterPort}`));
  return openSession(http, { username: 'admin', password }, AbortSignal.timeout(60_000));
};

/** What the task answers through the master's proxy, once it is registered there. */
const answerOf = async (api: MasterApi, id: string): Promise<string> => {
  const signal = AbortSignal.timeout(60_000);
  const look = polling(() => api.proxy(id, taskPort, signal), 100);
  const isServed = ({ status, text }: Awaited<ReturnType<MasterApi['proxy']>>) => status === 200 || `${status} ${text}`;
  const limits = { timeoutMs: 60_000, id: 'proof.task-not-running' } as const;
  return (await waitUntil('Answer of the task', look, isServed, limits)).text;
};

test('up ends with a task of the master, through its proxy', async () => {
  expect(first.ownMaster).toMatchObject({ how: 'started', isNew: true, version: '0.38.1' });
  expect(first.masterProof).toMatchObject({ ok: true, cleanup: { ok: true } });
  const hops = first.masterProof?.hops ?? [];
  expect(hops.map(({ ok }) => ok)).toEqual(hops.map(() => true));
  expect(hops.length).toBeGreaterThan(6);
  const again = await up();
  expect(again).toMatchObject({ ownMaster: { how: 'running', isNew: false } });
  expect(again.masterProof).toBeUndefined();
});

test('a supervisor killed by SIGKILL: up has the master back, with the task that ran before', async () => {
  const nonce = randomUUID();
  const { id } = await (await logIn()).launch(commandConfig({}, nonce), AbortSignal.timeout(30_000));
  expect(await answerOf(await logIn(), id)).toBe(nonce);
  await killKeeper();
  expect(await up()).toMatchObject({ ownMaster: { how: 'started', isNew: false }, masterProof: { ok: true } });
  expect(await answerOf(await logIn(), id)).toBe(nonce);
  for (let round = 1; round < 10; round += 1) {
    await killKeeper();
    const { stdout } = await master('up', '--json');
    expect(JSON.parse(stdout) as EnsuredMaster).toMatchObject({ how: 'started', isNew: false });
    expect(await answerOf(await logIn(), id)).toBe(nonce);
  }
  await (await logIn()).kill(id, AbortSignal.timeout(30_000));
  expect(ending(await master('down', '--remove-data'))).toBe('exit 0');
  expect(await processes()).toEqual([]);
});

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
  expect(ending(await master('up', '--master-program', standIn, '--master-root', root))).toBe('exit 0');
  expect(await processes()).not.toEqual([]);
  expect(ending(await taskgate.run('down', '--name', name))).toBe('exit 0');
  expect(await processes()).toEqual([]);
  expect(await isThere(taskgate.dirOf(name))).toBe(false);
});
