import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { endFakes, lockFiles, runningAtUnlock, runningFakes, waitUntilBegun } from '../support/process/signals.ts';
import { fakePrograms, inNamespaces, noNamespaces, programs, test, type User } from '../support/process/user.ts';

/** Programs that bring artifacts wait; without a network nothing else can begin. */
const startUp = async (user: User, scripts: Readonly<Record<string, string>> = {}) => {
  await fakePrograms(user, scripts);
  const up = user.start(['up'], { prefix: inNamespaces('') });
  await waitUntilBegun(user);
  // in an object: a promise would be awaited on its way out
  return { up };
};

/** Both locks are free: the run comes as far as its own fault. */
const expectNotBlocked = async (user: User): Promise<void> => {
  await fakePrograms(user, Object.fromEntries(programs.map((name) => [name, 'exit 1'])));
  const second = await user.run(['up'], { prefix: inNamespaces('') });
  expect(second).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('taskgate: cannot get ') });
  expect(second.stderr).not.toContain('cache: waiting');
  expect(await lockFiles(user)).toEqual([]);
};

/** Ignores the polite signal. */
const stubborn = "trap '' TERM INT\nwhile :; do sleep 0.1; done";

describe.skipIf(noNamespaces)(`${noNamespaces}up with an empty cache is interrupted`, { concurrent: true }, () => {
  test.for([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s: exit %i, nothing runs on, the locks are free', async ([signal, exitCode], { user }) => {
    const { up } = await startUp(user);
    expect(await lockFiles(user)).toEqual(['cache/taskgate/lock', 'state/taskgate/locks/dev']);
    up.kill(signal);
    const ended = await up;
    expect(ended).toMatchObject({ exitCode, stdout: '' });
    expect(ended.stderr).toContain(`taskgate: interrupted by ${signal}\n`);
    expect([...(await runningFakes(user)), ...(await lockFiles(user))]).toEqual([]);
    await expectNotBlocked(user);
  });

  test('an interrupted up that had begun no cluster leaves no instance', async ({ user }) => {
    const { up } = await startUp(user);
    up.kill('SIGINT');
    await up;
    expect(await user.run(['status'])).toMatchObject({
      exitCode: 0,
      stdout: 'no instances yet; make one: npx taskgate up\n',
    });
  });

  test('meanwhile a second up says who changes the instance, and changes nothing', async ({ user }) => {
    const { up } = await startUp(user);
    const second = await user.run(['up'], { prefix: inNamespaces('') });
    expect(second).toMatchObject({ exitCode: 3, stdout: '' });
    expect(second.stderr).toContain(`instance dev is being changed by process ${up.pid} [environment.locked]`);
    expect(second.stderr).toMatch(new RegExp(`\nto fix: .*kill ${up.pid}\n$`));
    expect((await runningFakes(user)).length).toBeGreaterThan(0);
    up.kill('SIGINT');
    expect((await up).exitCode).toBe(130);
  });

  test('a program that ignores the signal is killed after a few seconds', async ({ user }) => {
    const { up } = await startUp(user, { go: stubborn });
    up.kill('SIGINT');
    expect((await up).exitCode).toBe(130);
    expect(await runningFakes(user)).toEqual([]);
    await expectNotBlocked(user);
  }, 30_000);

  test('the lock of the cache is given back when the last program has ended, not before', async ({ user }) => {
    const { up } = await startUp(user, { python3: stubborn });
    up.kill('SIGINT');
    const [running] = await Promise.all([runningAtUnlock(user), up]);
    expect(running).toEqual([]);
  });

  test('signals that come together are one: a terminal and sudo both send them', async ({ user }) => {
    const { up } = await startUp(user, { go: stubborn });
    // not by execa, which has SIGKILL follow its SIGTERM after 5 s
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.kill(up.pid ?? 0, signal);
    const { exitCode, stderr } = await up;
    // two threads of the program may take one each, in either order
    expect([130, 143]).toContain(exitCode);
    expect(stderr.match(/interrupted by SIG(INT|TERM)\n/g)).toHaveLength(1);
    expect(await runningFakes(user)).toEqual([]);
  });

  test('a second SIGINT a second later ends it at once; the next run takes the locks over', async ({ user }) => {
    const { up } = await startUp(user, { go: stubborn });
    up.kill('SIGINT');
    await pause(1_200);
    up.kill('SIGINT');
    expect(await up).toMatchObject({ signal: 'SIGINT' });
    await endFakes(user);
    expect(await lockFiles(user)).not.toEqual([]);
    await expectNotBlocked(user);
  });

  test('--timeout: exit 3, its reason and what to do; nothing runs on, the locks are free', async ({ user }) => {
    await fakePrograms(user, {});
    const ended = await user.run(['up', '--timeout', '2s'], { prefix: inNamespaces('') });
    expect(ended).toMatchObject({ exitCode: 3, stdout: '' });
    expect(ended.stderr).toContain('up did not finish within 2s (--timeout) [environment.deadline]\n');
    expect(ended.stderr).toMatch(/\nto fix: run it again, it continues where it stopped; or give it more time/);
    expect([...(await runningFakes(user)), ...(await lockFiles(user))]).toEqual([]);
    await expectNotBlocked(user);
  });

  test('SIGKILL: the next run takes the locks over', async ({ user }) => {
    const { up } = await startUp(user);
    up.kill('SIGKILL');
    await up;
    await endFakes(user);
    await expectNotBlocked(user);
  });
});
