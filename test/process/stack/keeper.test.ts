import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findDataMajor } from '../../../src/determined/database/data.ts';
import { makeDatabase } from '../../../src/determined/start.ts';
import { findMasterKeeper, stopMaster } from '../../../src/determined/stop.ts';
import { determinedPaths, instancePaths } from '../../../src/instance/paths.ts';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import { polling, waitUntil } from '../../../src/lib/wait.ts';
import { findSupervisorStatus } from '../../../src/supervisor/status-socket.ts';
import { findInstalledServer, makeStack } from '../../support/stack/stack.ts';

const server = await findInstalledServer();

/** Pid of a child of the supervisor. */
const pidOf = async (dir: string, name: string): Promise<number> => {
  const status = await findSupervisorStatus(determinedPaths(dir).socketPath);
  const pid = status?.children.find((child) => child.name === name)?.pid;
  if (pid === undefined) throw new Error(`${name} does not run`);
  return pid;
};

const isUp = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/info`).then(
    ({ ok }) => ok,
    () => false,
  );

const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test.skipIf(!server)('a database is made, a master is started after it, and both end in order', async () => {
  if (!server) return;
  const { instance, spec, start } = await makeStack(server);
  await expect(start()).resolves.toBe(true);
  expect(await isUp(spec.port)).toBe(true);
  const pids = await Promise.all(['postgres', 'determined-master'].map((name) => pidOf(instance.dir, name)));
  await expect(start()).resolves.toBe(false);
  expect(await stopMaster(instance)).toBe(true);
  expect(pids.filter(isThere)).toEqual([]);
  expect(instance.record().journal).toEqual([]);
  const log = await readFile(join(instancePaths(instance.dir).logsDir, 'postgres.log'), 'utf8');
  expect(log).toContain('database system is shut down');
});

const until = (what: string, look: () => Promise<boolean>): Promise<boolean> =>
  waitUntil(what, polling(look, 50), (is) => is || 'not yet', { timeoutMs: 20_000, id: 'cluster.not-ended' });

test.skipIf(!server)('a supervisor killed by SIGKILL takes both with it, and another start has them back', async () => {
  if (!server) return;
  const { instance, spec, start } = await makeStack(server);
  await start();
  const { database } = spec;
  for (let round = 0; round < 3; round += 1) {
    const keeper = await findMasterKeeper(instance);
    const pids = await Promise.all(['postgres', 'determined-master'].map((name) => pidOf(instance.dir, name)));
    process.kill(keeper?.process.pid ?? 0, 'SIGKILL');
    await until('the end of both', async () => !pids.some(isThere));
    await expect(start({ ...(database && { database: { ...database, isMade: true } }) })).resolves.toBe(true);
    expect(await isUp(spec.port)).toBe(true);
  }
});

test.skipIf(!server)('a master or a database killed by SIGKILL is started again by the supervisor', async () => {
  if (!server) return;
  const { instance, spec, start } = await makeStack(server);
  await start();
  for (const name of ['determined-master', 'postgres']) {
    process.kill(await pidOf(instance.dir, name), 'SIGKILL');
    await until(`a new ${name}`, async () => {
      const status = await findSupervisorStatus(determinedPaths(instance.dir).socketPath);
      return (
        status?.children.every((child) => child.state === 'ready' && (child.name !== name || child.restarts > 0)) ===
        true
      );
    });
    expect(await isUp(spec.port)).toBe(true);
  }
});

test.skipIf(!server)(
  'a master that ends at its start: its last words are in the error, and nothing is left',
  async () => {
    if (!server) return;
    const { instance, start } = await makeStack(server, { lastWords: 'error found at root: invalid gateway_ip' });
    await expect(start()).rejects.toMatchObject({
      id: 'environment.master-not-started',
      message: expect.stringMatching(
        /the master did not start: determined-master ended 4 times while starting: \S+ exited with 1\n.*invalid gateway_ip/s,
      ),
      hint: expect.stringMatching(/taskgate master logs --name dev, taskgate logs postgres --name dev$/),
    });
    expect(instance.record().journal).toEqual([]);
  },
);

test.skipIf(!server)('a database keeps its data and takes a changed password', async () => {
  if (!server) return;
  const { instance, spec, start } = await makeStack(server);
  await start();
  await stopMaster(instance);
  const { database } = spec;
  if (!database) throw new Error('there is a database');
  await start({ database: { isMade: true, spec: { ...database.spec, password: 'secret2' } } });
  const ask = (password: string) =>
    execaRunner(
      ['psql', '-h', '127.0.0.1', '-p', String(database.spec.port), '-U', 'postgres', '-Atc', 'SELECT 1', 'determined'],
      {
        env: { PGPASSWORD: password },
      },
    );
  await expect(ask('secret2')).resolves.toMatchObject({ stdout: '1' });
  await expect(ask('secret1')).rejects.toThrow('password authentication failed');
});

test.skipIf(!server)('a database that is made beforehand: nothing runs then, and a master starts over it', async () => {
  if (!server) return;
  const { instance, spec, start, launching } = await makeStack(server);
  const database = spec.database?.spec;
  if (!database) throw new Error('the stack has a database');
  await makeDatabase({ ...launching, database });
  expect(instance.record().journal).toEqual([]);
  expect(await findDataMajor(database.dataDir)).toBe(server.major);
  await expect(start({ database: { spec: database, isMade: true } })).resolves.toBe(true);
  expect(await isUp(spec.port)).toBe(true);
});
