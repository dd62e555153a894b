import { expect, test } from 'vitest';
import { sudoCommand, verifySudo } from '../../src/commands/sudo.ts';
import { fakeRunner } from '../fakes/runner.ts';

test("as root the command sees the user's own folders and settings, and nothing else of the environment", () => {
  const env = {
    HOME: '/home/me',
    XDG_CACHE_HOME: '/c',
    TASKGATE_NAME: 'x',
    TASKGATE_MIRROR: 'https://me:pw@m',
    GOPROXY: 'p',
    SECRET: 's',
    PATH: '/bin',
    CI: undefined,
  };
  expect(sudoCommand(env, ['node', 'taskgate.js', 'up']).join(' ')).toBe(
    'sudo -n env HOME=/home/me XDG_CACHE_HOME=/c TASKGATE_NAME=x PATH=/bin node taskgate.js up',
  );
});

test.each([
  [['--mirror', 'https://me:pw@m/files@v1'], '--mirror https://m/files@v1'],
  [['--mirror=https://me:p@w@m'], '--mirror=https://m'],
  [['--ssh-host', 'ssh://me@h'], '--ssh-host ssh://me@h'],
])("a mirror's password is not in the command line of sudo: %j", (args, expected) => {
  expect(sudoCommand({}, ['node', ...args]).join(' ')).toBe(`sudo -n env node ${expected}`);
});

test('a token is handed on by its name alone', () => {
  expect(sudoCommand({ NGROK_AUTHTOKEN: 's3cret', HOME: '/h' }, ['node']).join(' ')).toBe(
    'sudo -n --preserve-env=NGROK_AUTHTOKEN env HOME=/h node',
  );
});

test('sudo that gives root is taken', async () => {
  const { runner, calls } = fakeRunner({ 'sudo -n id -u': '0\n' });
  await verifySudo(1000, runner);
  expect(calls).toEqual(['sudo -n id -u']);
});

test.each([
  [{ exitCode: 1, stderr: 'sudo: a password is required' }, 'sudo without a password does not work'],
  // we would start ourselves again for ever
  ['1000\n', 'sudo gives uid 1000'],
])('sudo that does not is refused: %j', async (answer, trouble) => {
  await expect(verifySudo(1000, fakeRunner({ 'sudo -n id -u': answer }).runner)).rejects.toMatchObject({
    id: 'environment.not-root',
    message: expect.stringContaining(`this is uid 1000, and ${trouble}`),
    hint: expect.stringContaining('run it as root'),
  });
});
