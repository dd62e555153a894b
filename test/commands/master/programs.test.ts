import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chooseProgram, chooseServer, fetchStack, stackKeys } from '../../../src/commands/master/programs.ts';
import { CommandError, type Runner } from '../../../src/lib/process/runner.ts';
import { artifactsInput } from '../../../src/providers/artifacts-input.ts';
import { commandContext } from '../../support/context.ts';
import { finishedInstance } from '../../support/finished-instance.ts';
import { writeSmallMaster } from '../../support/stack/small-master.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const version = '0.37.0';
const tools = { signal: new AbortController().signal, report: () => undefined };
const offline: Runner = (command) => Promise.reject(new CommandError(command, { reason: 'spawn python3 ENOENT' }));

/** A program without a root beside it, and settings that name it. */
const setUp = async (master: Readonly<Record<string, unknown>> = {}) => {
  const home = await temporaryDir();
  const folders = { stateDir: join(home, 'state'), cacheDir: join(home, 'cache') };
  const instance = await finishedInstance(folders.stateDir, 'dev');
  const context = commandContext({ folders });
  const program = join(home, 'bin', 'determined-master');
  await mkdir(join(home, 'bin'));
  await writeFile(program, '#!/bin/sh\n', { mode: 0o755 });
  const config = { ...context.config, master: { ...context.config.master, program, ...master } };
  return { home, instance, program, context: { ...context, cwd: home, runner: offline, config } };
};

const makeRoot = async (root: string): Promise<string> => {
  for (const folder of ['static/srv', 'wheels']) await mkdir(join(root, folder), { recursive: true });
  await writeFile(join(root, 'wheels', `determined-${version}-py3-none-any.whl`), 'zip');
  return root;
};

test('the root beside a program is its own', async () => {
  const { home, instance, context } = await setUp();
  const program = await writeSmallMaster(join(home, 'release'));
  await instance.change({ masterRoot: await makeRoot(join(home, 'kept')) });
  const given = { ...context, config: { ...context.config, master: { ...context.config.master, program } } };
  const { root } = await chooseProgram(instance, given, tools);
  expect(root).toBe(join(home, 'release/share/determined/master'));
});

test("a program without one gets the root of the instance's written files", async () => {
  const { home, instance, program, context } = await setUp({ version });
  const kept = await makeRoot(join(home, 'kept'));
  await instance.change({ masterRoot: kept });
  expect(await chooseProgram(instance, context, tools)).toEqual({ path: program, root: kept });
});

test('in a checkout that has built nothing, its static/ is enough', async () => {
  const { home, instance, context } = await setUp();
  for (const folder of ['master/static/srv', 'tools']) await mkdir(join(home, folder), { recursive: true });
  await writeFile(join(home, 'tools/Makefile'), '');
  const { root } = await chooseProgram(instance, context, tools);
  expect(root).toBe(join(instance.dir, 'master-root'));
});

test("a root whose static/ is where a user's master is started is none for the instance's own", async () => {
  const { instance, context, program } = await setUp();
  await expect(chooseProgram(instance, context, tools)).rejects.toMatchObject({
    id: 'environment.no-master-root',
    message: expect.stringContaining(program),
  });
});

test('the release that is fetched, and kept in the cache, is of the wanted version', async () => {
  const { context } = await setUp({ version });
  const machine = { arch: 'arm64', distribution: 'debian-bookworm' } as const;
  const keysOf = (one: typeof context) => stackKeys({ ...artifactsInput(one, tools.signal, tools.report), machine });
  expect(await keysOf(context)).toContain(`determined-master-${version}-arm64`);
  const { context: pinned } = await setUp();
  expect(await keysOf(pinned)).toContain('determined-master-0.38.1-arm64');
});

test('data of a PostgreSQL that is not to be had: nothing is fetched, and the way out names the instance whose data goes', async () => {
  const home = await temporaryDir();
  const dataDir = join(home, 'database');
  await mkdir(dataDir);
  await writeFile(join(dataDir, 'PG_VERSION'), '9\n');
  const folders = { stateDir: join(home, 'state'), cacheDir: join(home, 'cache') };
  const context = {
    ...commandContext({ name: 'two', folders }),
    // a machine on which no PostgreSQL runs
    runner: async (command: readonly [string, ...string[]]) => {
      throw new CommandError(command, { exitCode: 127, stdout: '', stderr: '' });
    },
  };
  await expect(chooseServer(context, dataDir, tools)).rejects.toMatchObject({
    id: 'environment.database-version',
    message: expect.stringMatching(/was made by PostgreSQL 9, and this machine has none of it; npm serves 16/),
    hint: expect.stringContaining('taskgate master down --name two --remove-data'),
  });
});

test('what this machine has is not fetched: nothing with a program and a database of the user, else PostgreSQL alone', async () => {
  const { context } = await setUp();
  const asked: string[] = [];
  const runner: Runner = (command) => {
    asked.push(command.join(' '));
    return Promise.reject(new CommandError(command, { reason: `spawn ${command[0]} ENOENT` }));
  };
  const given = { ...context, runner, config: { ...context.config, dbUrl: 'postgres://me:secret@db/x' } };
  await expect(fetchStack(given, tools)).resolves.toBeUndefined();
  expect(asked).toEqual([]);
  await expect(fetchStack({ ...context, runner }, tools)).rejects.toMatchObject({ id: 'artifact.npm-missing' });
  expect(asked.at(-1)).toMatch(/^npm /);
});
