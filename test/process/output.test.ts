import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { lockFiles, runningFakes, waitUntilBegun } from '../support/process/signals.ts';
import { fakePrograms, inNamespaces, launcher, noNamespaces, test, type User } from '../support/process/user.ts';

const fullDisk = '/dev/full';

type Streams = { readonly stdout?: string; readonly stderr?: string; readonly prefix?: readonly string[] };

/** Runs taskgate with its output in files; gives its exit code and what it wrote into pipes instead. */
const runInto = async (user: User, args: readonly string[], { stdout, stderr, prefix = [] }: Streams) => {
  const files = await Promise.all([stdout, stderr].map((path) => (path ? open(path, 'w') : undefined)));
  const [out, errors] = files.map((file) => file?.fd ?? ('pipe' as const));
  const [program = '', ...rest] = [...prefix, process.execPath, launcher, ...args];
  const env = { PATH: `${user.bin}:${process.env['PATH']}`, HOME: user.dir };
  const folders = { XDG_STATE_HOME: user.state, XDG_CACHE_HOME: user.cache };
  const child = spawn(program, rest, { cwd: user.work, env: { ...env, ...folders }, stdio: ['ignore', out, errors] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  }
  const ended = once(child, 'close').then(([exitCode]) => ({ exitCode: exitCode as number | null, text }));
  await Promise.all(files.map((file) => file?.close()));
  return { child, ended };
};

describe.concurrent('output that cannot be written ends no work', () => {
  test('stdout on a full disk: exit 74 at the end, and the reason', async ({ user }) => {
    const { ended } = await runInto(user, ['status'], { stdout: fullDisk });
    expect(await ended).toEqual({
      exitCode: 74,
      text: expect.stringMatching(/^taskgate: stdout cannot be written: .*ENOSPC.*\n$/),
    });
  });

  test("a command's own failure keeps its exit code", async ({ user }) => {
    const { ended } = await runInto(user, ['config', 'validate', 'nothing.yaml'], { stdout: fullDisk });
    expect(await ended).toMatchObject({ exitCode: 2 });
  });

  test('stderr on a full disk changes no exit code', async ({ user }) => {
    const { ended } = await runInto(user, ['status'], { stderr: fullDisk });
    expect(await ended).toEqual({ exitCode: 0, text: 'no instances yet; make one: npx taskgate up\n' });
    const { ended: failed } = await runInto(user, ['smoke'], { stderr: fullDisk });
    expect(await failed).toEqual({ exitCode: 3, text: '' });
  });

  test('a reader that closes the pipe early is no fault', async ({ user }) => {
    const { child, ended } = await runInto(user, ['help', 'settings'], {});
    child.stdout?.destroy();
    expect(await ended).toMatchObject({ exitCode: 0 });
  });
});

test.skipIf(noNamespaces)(
  `${noNamespaces}up goes on while its log is on a full disk, and cleans up`,
  async ({ user }) => {
    await fakePrograms(user);
    const { ended, child } = await runInto(user, ['up'], {
      ...{ stdout: fullDisk, stderr: fullDisk, prefix: inNamespaces('') },
    });
    await waitUntilBegun(user);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ exitCode: 143 });
    expect([...(await runningFakes(user)), ...(await lockFiles(user))]).toEqual([]);
    await rm(join(user.dir, 'begun'));
  },
);
