import { mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureMasterRoot, pinnedVersion } from '../../../src/commands/master-root/ensure.ts';
import { findStaticOfCwd, lookAtRoot, wheelsOf } from '../../../src/instance/master-root.ts';
import { instancePaths } from '../../../src/instance/paths.ts';
import { CommandError, type Runner } from '../../../src/lib/process/runner.ts';
import { commandContext } from '../../support/context.ts';
import { finishedInstance } from '../../support/finished-instance.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const version = '0.37.0';
const name = `determined-${version}-py3-none-any.whl`;

/** pip with one wheel, which no pin knows; it counts how often it was asked. */
const fakePip = () => {
  const asked: string[] = [];
  const runner: Runner = async (command) => {
    asked.push(await readFile(command.at(-1) ?? '', 'utf8'));
    await writeFile(join(command[command.indexOf('--dest') + 1] ?? '', name), 'zip');
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  return { asked, runner };
};

const setUp = async (master: Readonly<Record<string, unknown>>, runner: Runner) => {
  const home = await temporaryDir();
  const folders = { stateDir: join(home, 'state'), cacheDir: join(home, 'cache') };
  const instance = await finishedInstance(folders.stateDir, 'dev');
  const context = commandContext({ folders });
  const { config } = context;
  const signal = new AbortController().signal;
  const given = { ...context, cwd: home, runner, config: { ...config, master: { ...config.master, ...master } } };
  const ensure = (until: AbortSignal = signal) =>
    ensureMasterRoot(given, instance, { signal: until, report: () => undefined });
  return { home, ensure, own: instancePaths(instance.dir).masterRootDir };
};

test("an instance's own root gets the wheel of the wanted version, once", async () => {
  const { asked, runner } = fakePip();
  const { ensure, own } = await setUp({ version }, runner);
  expect(await ensure()).toEqual({ path: own, from: 'instance' });
  expect(await lookAtRoot(own)).toMatchObject({ found: { wheels: [name] } });
  expect(asked).toEqual([`determined==${version}\n`]);
  if (findStaticOfCwd()) expect(await readlink(join(own, 'static'))).toBe(findStaticOfCwd());
  expect(await ensure()).toEqual({ path: own, from: 'instance' });
  expect(asked).toHaveLength(1);
});

test('without a version it is the pinned one, byte by byte: another file of its name is not kept', async () => {
  const refused: Runner = (command) =>
    Promise.reject(new CommandError(command, { exitCode: 1, stderr: 'THESE PACKAGES DO NOT MATCH THE HASHES' }));
  const { ensure, own } = await setUp({}, refused);
  await mkdir(wheelsOf(own), { recursive: true });
  await writeFile(join(wheelsOf(own), `determined-${pinnedVersion}-py3-none-any.whl`), 'forged');
  const { trouble } = await ensure();
  expect(trouble).toMatchObject({
    message: expect.stringMatching(
      /^no wheel of determined 0\.38\.1, .*the wheel that pip downloaded is not the pinned one/,
    ),
    hint: expect.stringContaining('pip config list'),
  });
});

test('a wheel that cannot be had stops nothing, and is told with what to do', async () => {
  const gone: Runner = (command) => Promise.reject(new CommandError(command, { reason: 'spawn python3 ENOENT' }));
  const { ensure, own } = await setUp({}, gone);
  expect(await ensure()).toEqual({
    path: own,
    from: 'instance',
    trouble: {
      message: expect.stringContaining('tasks whose image lacks the package do not start: cannot get determined-wheel'),
      hint: 'install python3 with pip, or give --mirror or --bundle',
    },
  });
});

test('an interruption is one, not trouble with the wheel', async () => {
  const cut = new AbortController();
  // cut off while the program runs
  const waits: Runner = (_, options) =>
    new Promise((_, reject) => {
      options?.signal?.addEventListener('abort', () => reject(options.signal?.reason));
      cut.abort(new Error('SIGINT'));
    });
  const { ensure } = await setUp({}, waits);
  await expect(ensure(cut.signal)).rejects.toThrow('SIGINT');
});

test('a root that the user names is named as it is, and judged', async () => {
  const { home, ensure, own } = await setUp({ root: 'theirs' }, () => Promise.reject(new Error('no pip')));
  const path = join(home, 'theirs');
  expect(await ensure()).toMatchObject({
    path,
    from: 'setting',
    trouble: { message: `there is no folder ${path} on this machine` },
  });
  await mkdir(join(path, 'static'), { recursive: true });
  await mkdir(wheelsOf(path));
  await writeFile(join(wheelsOf(path), name), '');
  expect(await ensure()).toEqual({ path, from: 'setting' });
  expect(await lookAtRoot(own), 'nothing was made').toEqual({});
});
