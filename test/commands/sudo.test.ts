import { expect, test } from 'vitest';
import {
  findDatabaseUrl,
  findHandedOn,
  sudoCommand,
  unseenVariables,
  verifyDatabase,
  verifyEnded,
  verifySudo,
} from '../../src/commands/sudo.ts';
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
  [['up', '--db-url', 'postgres://me:pw@h/d', '--ci'], 'up --ci'],
  [['--db-url=postgres://me:pw@h/d', 'up'], 'up'],
])('no password is in the command line of sudo: %j', (args, expected) => {
  expect(sudoCommand({}, ['node', ...args]).join(' ')).toBe(`sudo -n env node ${expected}`);
});

test.each([
  [['up', '--db-url', 'postgres://me:pw@h/d', '--ci'], 'postgres://me:pw@h/d'],
  [['--db-url=postgres://a@h/d', '--db-url=postgres://b@h/d'], 'postgres://b@h/d'],
  [['up', '--db-url'], undefined],
  [['up'], undefined],
])('the database that %j names is handed on as a variable', (args, url) => {
  expect(findDatabaseUrl(args)).toBe(url);
});

test('a database that sudo does not hand on is no reason to make another one', () => {
  expect(() => verifyDatabase('postgres://me:pw@h/d', ['HTTPS_PROXY'])).toThrow(
    expect.objectContaining({ id: 'environment.not-root', message: expect.not.stringContaining('pw') }),
  );
  expect(() => verifyDatabase('postgres://me:pw@h/d', ['TASKGATE_DB_URL'])).not.toThrow();
  expect(() => verifyDatabase(undefined, [])).not.toThrow();
});

const secrets = {
  NGROK_AUTHTOKEN: 's3cret',
  HTTPS_PROXY: 'http://me:pw@proxy',
  no_proxy: '10.0.0.0/8',
  NODE_EXTRA_CA_CERTS: '/ca.pem',
  HTTP_PROXY: '',
  HOME: '/h',
};

test.each([
  [true, ['HTTPS_PROXY', 'no_proxy', 'NODE_EXTRA_CA_CERTS', 'NGROK_AUTHTOKEN']],
  // a rule of sudo without SETENV would refuse it for nothing
  [false, ['HTTPS_PROXY', 'no_proxy', 'NODE_EXTRA_CA_CERTS']],
])('with ngrok wanted: %s, root gets %j, by their names alone', (wantsNgrok, names) => {
  expect(unseenVariables(secrets, wantsNgrok)).toEqual(names);
  expect(sudoCommand(secrets, ['node'], names).join(' ')).toBe(
    `sudo -n --preserve-env=${names.join(',')} env HOME=/h node`,
  );
});

test('without such variables sudo is asked for nothing', async () => {
  expect(await findHandedOn([], fakeRunner({}).runner)).toEqual([]);
  expect(sudoCommand({ HOME: '/h' }, ['node']).join(' ')).toBe('sudo -n env HOME=/h node');
});

test.each([
  ['0\n', ['HTTPS_PROXY', 'no_proxy']],
  [{ exitCode: 1, stderr: 'sudo: sorry, you are not allowed to set the following environment variables' }, []],
])('what sudo hands on: %j', async (answer, handedOn) => {
  const { runner, calls } = fakeRunner({ 'sudo -n --preserve-env=HTTPS_PROXY,no_proxy id -u': answer });
  expect(await findHandedOn(['HTTPS_PROXY', 'no_proxy'], runner)).toEqual(handedOn);
  expect(calls).toHaveLength(1);
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
  ['10\n', 'sudo gives uid 10'],
  ['0x\n', 'sudo gives uid 0x'],
  ['', 'sudo gives uid '],
])('sudo that does not is refused: %j', async (answer, trouble) => {
  await expect(verifySudo(1000, fakeRunner({ 'sudo -n id -u': answer }).runner)).rejects.toMatchObject({
    id: 'environment.not-root',
    message: expect.stringContaining(`this is uid 1000, and ${trouble}`),
    hint: expect.stringContaining('run it as root'),
  });
});

test.each([0, 1, 3, 70, 129, 130, 143])("exit code %i of root's run is that of this command", (exitCode) => {
  expect(verifyEnded(exitCode)).toBe(exitCode);
});

test.each([
  [137, 'SIGKILL: the kernel kills programs when memory is short'],
  [139, 'SIGSEGV: it crashed'],
  [134, 'SIGABRT: it crashed'],
])("root's run that a signal ended (%i) is not silent", (exitCode, why) => {
  expect(() => verifyEnded(exitCode)).toThrow(
    expect.objectContaining({
      id: 'environment.root-ended',
      message: `the part of this command that runs as root was ended by ${why}`,
      hint: expect.stringContaining('dmesg'),
    }),
  );
});
