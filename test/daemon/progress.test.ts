import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { judgeProgress, lateError, withLog } from '../../src/daemon/progress.ts';
import { UserError } from '../../src/lib/errors.ts';
import type { TunnelReport } from '../../src/model/tunnel-status.ts';
import { temporaryDir } from '../support/temporary-dir.ts';
import { statusOf } from '../support/tunnels.ts';

const failure = {
  detail: 'ssh jump: connect to host jump port 22: No route to host',
  hint: 'is it the right --ssh-host?',
  errorId: 'tunnel.ssh-unreachable',
} as const;

test.each<[string, Partial<TunnelReport>, string | true]>([
  ['up', { state: 'up' }, true],
  ['only pods can see it', { state: 'open', detail: 'no route from here' }, true],
  ['the first start', { state: 'starting' }, 'ssh jump: connecting'],
  ['the first probe', { state: 'probing' }, 'ssh jump: waiting for the first round trip through the tunnel'],
  ['a probe that failed', { state: 'probing', detail: 'silence' }, 'ssh jump: silence; trying again'],
  [
    'a run that failed',
    { state: 'backoff', detail: `${failure.detail}; restarts in 1s`, failure },
    `${failure.detail}; trying again`,
  ],
  ['the start after it', { state: 'starting', failure }, `${failure.detail}; trying again`],
  [
    'an end without a name',
    { state: 'starting', failure: { detail: 'exited with 1' } },
    'ssh jump: exited with 1; trying again',
  ],
])('%s', (_, tunnel, expected) => {
  expect(judgeProgress(statusOf(tunnel))).toBe(expected);
});

test('while nothing answers, the daemon is being started', () => {
  expect(judgeProgress(undefined)).toBe('starting the tunnel daemon');
});

test('a failure that comes again and again is one line of progress', () => {
  const seen = (['backoff', 'starting', 'backoff', 'starting'] as const).map((state) =>
    judgeProgress(statusOf({ state, failure })),
  );
  expect(new Set(seen).size).toBe(1);
});

const waited = new UserError('The tunnel not ready after 20s: ssh jump: connecting', {
  id: 'tunnel.not-up',
  hint: 'the log is /i/log',
});
const late = (tunnel: Partial<TunnelReport>) =>
  lateError(waited, statusOf(tunnel), { timeoutMs: 20_000, logPath: '/i/log' });

test('at the deadline the last reason counts, with its id and way out, though it is just trying again', () => {
  expect(late({ state: 'starting', failure })).toMatchObject({
    message: 'ssh jump: connect to host jump port 22: No route to host (tried for 20 s)',
    id: 'tunnel.ssh-unreachable',
    hint: 'is it the right --ssh-host?',
  });
});

test.each<[string, Partial<TunnelReport>, string]>([
  [
    'what a probe saw',
    { state: 'probing', detail: 'something else is behind it', failure },
    'ssh jump: something else is behind it (tried for 20 s)',
  ],
  ['nothing', { state: 'starting' }, 'The tunnel not ready after 20s: ssh jump: connecting'],
])('at the deadline: %s', (_, tunnel, message) => {
  expect(late(tunnel)).toMatchObject({ message, id: 'tunnel.not-up', hint: 'the log is /i/log' });
});

test('of an instance that is removed the last lines of its log are told, not its path', async () => {
  const folder = await temporaryDir();
  const logPath = join(folder, 'tunnel.log');
  const lines = ['ssh tunnel starting', 'ssh: debug1: pledge', 'ssh: connect failed'];
  await writeFile(logPath, lines.map((line) => `2026-01-01T00:00:00.000Z ${line}\n`).join(''));
  const error = await withLog(
    new UserError('it failed', { id: 'tunnel.not-up', hint: `the log is ${logPath}` }),
    folder,
    logPath,
  );
  expect(error).toMatchObject({
    id: 'tunnel.not-up',
    message: 'it failed\n    ssh tunnel starting\n    ssh: connect failed',
  });
  expect((error as UserError).hint).not.toContain(folder);
});

test.each([
  new Error('a bug'),
  new UserError('the key is refused', { id: 'tunnel.ssh-refused-key', hint: 'add it' }),
])('%s stays as it is', async (error) => {
  expect(await withLog(error, '/instances/dev', '/instances/dev/log')).toBe(error);
});
