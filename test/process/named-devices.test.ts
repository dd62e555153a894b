import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { finishedInstance } from '../support/finished-instance.ts';
import {
  fakePrograms,
  inNamespaces,
  launcher,
  noNamespaces,
  programs,
  test,
  type User,
} from '../support/process/user.ts';

/**
 * A private /dev with devices of its own, and what they are after the command, on the last lines of stderr. The host's
 * devices are out of reach.
 */
const ownDevices = (user: User): readonly string[] => {
  const dev = join(user.dir, 'dev');
  const script = `
mount --make-rprivate /
mkdir -p ${dev}
mount -t tmpfs tmpfs ${dev}
mknod -m 666 ${dev}/null c 1 3
mknod -m 666 ${dev}/full c 1 7
ln -s /proc/self/fd ${dev}/fd
ln -s /proc/self/fd/1 ${dev}/stdout
ln -s /proc/self/fd/2 ${dev}/stderr
mount --bind ${dev} /dev
code=0
"$@" || code=$?
for name in $(ls /dev); do stat --format '%n %F %a' /dev/$name >&2; done
exit $code`;
  return ['unshare', '--mount', '--net', 'sh', '-euc', script, 'sh'];
};

const untouched = [
  '/dev/fd symbolic link 777',
  '/dev/full character special file 666',
  '/dev/null character special file 666',
  '/dev/stderr symbolic link 777',
  '/dev/stdout symbolic link 777',
];

const devicesOf = (stderr: string): readonly string[] => stderr.split('\n').filter((line) => line.startsWith('/dev/'));

describe.skipIf(noNamespaces)(`${noNamespaces}devices that a flag names stay devices`, { concurrent: true }, () => {
  test.for([
    ['/dev/null', 0],
    ['/dev/stdout', 0],
    ['/dev/stderr', 0],
    ['/dev/fd/1', 0],
    ['/dev/full', 2],
  ] as const)('config master --output %s: exit %i', async ([path, exitCode], { user }) => {
    await finishedInstance(join(user.state, 'taskgate'), 'dev');
    const ended = await user.run(['config', 'master', '--output', path], { prefix: ownDevices(user) });
    expect(devicesOf(ended.stderr)).toEqual(untouched);
    expect(ended.exitCode).toBe(exitCode);
    const text = /stderr/.test(path) ? ended.stderr : ended.stdout;
    if (/stdout|stderr|fd/.test(path)) expect(text).toContain('resource_manager:');
    if (path === '/dev/full') expect(ended.stderr).toContain('cannot write /dev/full: ENOSPC');
  });

  test('up --junit /dev/null --env-file /dev/stderr, also when it fails', async ({ user }) => {
    await fakePrograms(user, Object.fromEntries(programs.map((name) => [name, 'exit 1'])));
    const flags = ['--junit', '/dev/null', '--env-file', '/dev/stderr'];
    // without the dashes Node.js takes --env-file for its own
    const program = [process.execPath, '--', launcher];
    const ended = await user.run(['up', '--provider', 'native', ...flags], { prefix: ownDevices(user), program });
    expect(devicesOf(ended.stderr)).toEqual(untouched);
    expect(ended.exitCode).toBe(4);
  });

  test('up --junit FOLDER ends before anything is made', async ({ user }) => {
    const ended = await user.run(['up', '--provider', 'native', '--junit', user.work], { prefix: inNamespaces('') });
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).toBe(
      `taskgate: cannot write ${user.work}: it is a folder [usage.output]\nto fix: give the path of a file\n`,
    );
    expect(await user.left()).toEqual([]);
  });
});
