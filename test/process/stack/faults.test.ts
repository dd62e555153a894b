import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer as createWebServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { processesIn } from '../../../src/determined/database/data.ts';
import { stopUnrecordedMasters } from '../../../src/determined/stop.ts';
import { determinedPaths } from '../../../src/instance/paths.ts';
import { findByArguments } from '../../../src/lib/process/by-arguments.ts';
import { findListener } from '../../../src/lib/process/port-holder.ts';
import { findInstalledServer, makeStack, type Stack } from '../../support/stack/stack.ts';

const server = await findInstalledServer();

/** With the database that an earlier start has made. */
const again = ({ spec: { database } }: Stack) => ({ ...(database && { database: { ...database, isMade: true } }) });

/** Processes of an instance's master, database and supervisor. */
const processesOf = async ({ instance, spec }: Stack): Promise<readonly unknown[]> => {
  const { determinedDir, databaseDir } = determinedPaths(instance.dir);
  const named = await findByArguments(
    (args) => args.includes(spec.program.path) || args.some((one) => one.startsWith(determinedDir)),
  );
  return [...named, ...(await processesIn(databaseDir))];
};

/** Something else on a port of 127.0.0.1, until it is closed. */
const takePort = async (port: number) => {
  const holder = createServer().listen(port, '127.0.0.1');
  await once(holder, 'listening');
  onTestFinished(() => void holder.close());
  return holder;
};

test.skipIf(!server)(
  "a port of the database that was taken after its choice: PostgreSQL's words, and nothing is left",
  async () => {
    if (!server) return;
    const stack = await makeStack(server);
    const { instance, start, spec } = stack;
    const holder = await takePort(spec.database?.spec.port ?? 0);
    await expect(start()).rejects.toMatchObject({
      id: 'environment.master-not-started',
      message: expect.stringMatching(
        /the master did not start: postgres ended 4 times while starting.*could not create any TCP\/IP sockets/s,
      ),
    });
    expect(await processesOf(stack)).toEqual([]);
    expect(instance.record().journal).toEqual([]);
    holder.close();
    await expect(start(again(stack))).resolves.toBe(true);
  },
);

test.skipIf(!server)("another program that answers on the master's port is not taken for the master", async () => {
  if (!server) return;
  const stack = await makeStack(server, {
    lastWords: 'listen tcp :8080: bind: address already in use',
    afterMs: 1_000,
  });
  const stranger = createWebServer((_, response) => response.end('{"cluster_id":"other"}'));
  stranger.listen(stack.spec.port, '127.0.0.1');
  onTestFinished(() => void stranger.close());
  await expect(stack.start()).rejects.toMatchObject({
    id: 'environment.master-port',
    message: expect.stringMatching(/port \d+ was taken by \S+ \(pid \d+\) before the master had it/),
  });
  expect(await processesOf(stack)).toEqual([]);
});

test.skipIf(!server)('a record that is lost: what runs is found by its folder and ends', async () => {
  if (!server) return;
  const stack = await makeStack(server);
  await stack.start();
  await rm(join(stack.instance.dir, 'instance.json'));
  expect(await stopUnrecordedMasters(stack.instance.dir)).toBe(1);
  expect(await processesOf(stack)).toEqual([]);
  expect(await findListener('127.0.0.1', stack.spec.port)).toBeUndefined();
  expect(await stopUnrecordedMasters(stack.instance.dir)).toBe(0);
});

test.skipIf(!server)(
  'a supervisor killed by SIGKILL and a record that is lost: nothing of the database works on',
  async () => {
    if (!server) return;
    const stack = await makeStack(server);
    await stack.start();
    const [keeper] = stack.instance.record().journal.filter((one) => one.kind === 'master');
    process.kill(keeper?.process.pid ?? 0, 'SIGKILL');
    await stopUnrecordedMasters(stack.instance.dir);
    expect(await processesIn(determinedPaths(stack.instance.dir).databaseDir)).toEqual([]);
  },
);
