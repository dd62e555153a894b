import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { logs } from '../../../src/commands/logs/logs.ts';
import { makeUser, watchStdout } from '../../support/command-input.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Root may read everything, so it plays another user for a while. */
const asNobody = async (work: () => Promise<void>): Promise<void> => {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
};

const makeLogs = async () => {
  const user = await makeUser();
  const { dir } = await user.begin('dev');
  await mkdir(join(dir, 'logs'));
  await writeFile(join(dir, 'logs', 'etcd.log'), 'ready\n');
  for (const path of [dirname(user.stateDir), user.stateDir, join(user.stateDir, 'instances'), dir])
    await chmod(path, 0o755);
  await chmod(join(dir, 'instance.json'), 0o644);
  return { ...user, logsDir: join(dir, 'logs') };
};

test('names what has a log', async () => {
  const { input } = await makeLogs();
  const written = watchStdout();
  await logs(input(), undefined);
  expect(written()).toBe('etcd\n');
});

test('with --json a log is one document with its lines', async () => {
  const { input, logsDir } = await makeLogs();
  const lines = ['ready', 'it says "no"\u001b[2J', '', 'last without an end'];
  await writeFile(join(logsDir, 'etcd.log'), lines.join('\n'));
  await writeFile(join(logsDir, 'empty.log'), '');
  const written = watchStdout();
  await logs(input({}, true), 'etcd');
  expect(written()).not.toContain('\u001b');
  expect(JSON.parse(written())).toEqual({ component: 'etcd', path: join(logsDir, 'etcd.log'), lines });
});

test('with --json a log without a line has none', async () => {
  const { input, logsDir } = await makeLogs();
  await writeFile(join(logsDir, 'empty.log'), '');
  const written = watchStdout();
  await logs(input({}, true), 'empty');
  expect(JSON.parse(written())).toMatchObject({ component: 'empty', lines: [] });
});

test('without an instance: how to make one', async () => {
  const { input } = await makeUser();
  await expect(logs(input({ name: 'other' }), undefined)).rejects.toMatchObject({
    id: 'environment.no-instance',
    message: 'instance other does not exist; there are none',
    hint: 'run: taskgate up --name other',
  });
});

describe('what root left unreadable', () => {
  test('the folder', async () => {
    const { input, logsDir } = await makeLogs();
    await chmod(logsDir, 0);
    await asNobody(() =>
      expect(logs(input(), 'etcd')).rejects.toMatchObject({
        id: 'environment.log-unreadable',
        message: `you may not read ${logsDir}`,
        hint: `root may: sudo ls ${logsDir}`,
      }),
    );
  });

  test('a log', async () => {
    const { input, logsDir } = await makeLogs();
    const path = join(logsDir, 'etcd.log');
    await chmod(path, 0);
    await asNobody(() =>
      expect(logs(input(), 'etcd')).rejects.toMatchObject({
        id: 'environment.log-unreadable',
        hint: `root may: sudo cat ${path}`,
      }),
    );
  });
});

describe('a log that holds what terminals and runners obey', () => {
  const hostile = 'one\u001b[2J\n::add-mask::x\n##[error]y\nlast';
  const plainText = 'one?[2J\n· ::add-mask::x\n## [error]y\nlast';

  test.each([
    ['as it is in a file or a pipe', {}, hostile],
    ['without that in a job of GitHub', { GITHUB_ACTIONS: 'true' }, plainText],
  ])('%s', async (_, env, shown) => {
    const { input, logsDir } = await makeLogs();
    await writeFile(join(logsDir, 'etcd.log'), hostile);
    const written = watchStdout();
    await logs(input({}, false, env), 'etcd');
    expect(written()).toBe(shown);
  });

  test('an endless line is cut, and a command is not put together from its pieces', async () => {
    const { input, logsDir } = await makeLogs();
    await writeFile(join(logsDir, 'etcd.log'), `${'x'.repeat(65_536 * 2 - 2)}##[error]y`);
    const written = watchStdout();
    await logs(input({}, false, { GITHUB_ACTIONS: 'true' }), 'etcd');
    expect(written()).toHaveLength(65_536 * 2 + 9);
    expect(written()).not.toContain('##[');
  });
});
