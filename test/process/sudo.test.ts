import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { findHandedOn, sudoCommand, unseenVariables } from '../../src/commands/sudo.ts';
import { execaRunner, type Runner } from '../../src/lib/process/runner.ts';
import { asNobody, noNamespaces, root, test, type User } from '../support/process/user.ts';

const uid = 4711;

const homeOf = ({ dir }: User): string => join(dir, 'home');

/**
 * A private mount namespace with a user who may sudo by this rule, a home for that user, and an empty one for root: the
 * accounts of the machine stay as they are.
 */
const withSudoer = (user: User, rule: string): readonly string[] => {
  const [etc, home] = [join(user.dir, 'etc'), homeOf(user)];
  const script = `
mount --make-rprivate /
mkdir -p ${etc}
install -d -m 700 -o ${uid} -g ${uid} ${home}
cp -p /etc/passwd /etc/group /etc/shadow ${etc}
echo 'sudoer:x:${uid}:${uid}::${home}:/bin/sh' >> ${etc}/passwd
echo 'sudoer:x:${uid}:' >> ${etc}/group
echo 'sudoer:*:19000:0:99999:7:::' >> ${etc}/shadow
printf 'Defaults env_reset\\nroot ALL=(ALL:ALL) ALL\\nsudoer ALL=(ALL:ALL) ${rule}\\n' > ${etc}/sudoers
chmod 440 ${etc}/sudoers
for name in passwd group shadow sudoers; do mount --bind ${etc}/$name /etc/$name; done
mount --bind '${root}' /mnt
mount -t tmpfs -o mode=700 tmpfs /root
exec "$@"`;
  return ['unshare', '--mount', '--net', 'sh', '-euc', script, 'sh'];
};

const asSudoer = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];

const hasSudo = !noNamespaces && !(await execa('sudo', ['--version'], { reject: false })).failed;

const secrets = { HTTPS_PROXY: 'http://me:s3cret@proxy:1', NO_PROXY: '10.0.0.0/8', NGROK_AUTHTOKEN: 'tok3n' };

describe.skipIf(!hasSudo)('a real sudo', { concurrent: true }, () => {
  /** Runs commands as the user. */
  const runnerOf =
    (user: User, rule: string): Runner =>
    (command, options) =>
      execaRunner([...withSudoer(user, rule), ...asSudoer, ...command] as unknown as typeof command, {
        ...options,
        env: secrets,
      });

  test('hands variables on that no command line shows', async ({ user }) => {
    const runner = runnerOf(user, 'NOPASSWD: ALL');
    const names = unseenVariables(secrets, true);
    expect(await findHandedOn(names, runner)).toEqual(['HTTPS_PROXY', 'NO_PROXY', 'NGROK_AUTHTOKEN']);
    // in brackets, so that grep does not find itself
    const show =
      'id -u; echo "$HTTPS_PROXY $NO_PROXY $NGROK_AUTHTOKEN"; grep -lE "s3cre[t]|tok3[n]" /proc/[0-9]*/cmdline';
    const { stdout } = await runner(sudoCommand(secrets, ['sh', '-c', `${show} || true`], names));
    expect(stdout.split('\n')).toEqual(['0', Object.values(secrets).join(' ')]);
  });

  test('with a rule without SETENV goes on without them', async ({ user }) => {
    const runner = runnerOf(user, 'NOPASSWD:NOSETENV: ALL');
    const names = await findHandedOn(unseenVariables(secrets, true), runner);
    expect(names).toEqual([]);
    expect((await runner(sudoCommand(secrets, ['id', '-u'], names))).stdout).toBe('0');
  });

  /** A tunnel that ssh does not open; then whose its daemon was and the files are. */
  const openTunnel = (user: User, folder: string) => {
    const ssh = join(user.dir, 'bin', 'ssh');
    const [node, script] = asNobody.program ?? [];
    const line = `tunnel up --ssh-host x --ssh-bind-address 127.0.0.1 --ssh-program ${ssh} --master-reach ssh --timeouts-stage-seconds 8`;
    const after = `for path in ${folder} ${folder}/taskgate; do stat --format '%n %u %a' $path; done`;
    return `${node} ${script} ${line} 2>&1; echo "exit $?"; ${after}`;
  };

  test.for([
    ['sudo -n -H', 'root', 0],
    ['sudo -n -i', 'root', 0],
    ['sudo -n HOME', 'the caller', uid],
  ] as const)('%s taskgate tunnel up: HOME is that of %s, and so are the files', async ([sudo, who, owner], {
    user,
  }) => {
    const home = who === 'root' ? '/root' : homeOf(user);
    const folder = `${home}/.local/state`;
    await user.write('bin/ssh', '#!/bin/sh\necho "ssh: no route to x" >&2\nexit 255\n', 0o755);
    const script = await user.write('run.sh', openTunnel(user, folder));
    for (const path of [user.dir, join(user.dir, 'bin')]) await chmod(path, 0o755);
    const sudoWords = sudo.replace('HOME', `HOME=${home}`).split(' ');
    const command = [...withSudoer(user, 'NOPASSWD: ALL'), ...asSudoer, ...sudoWords, 'sh', script];
    const [first = '', ...rest] = command;
    const { all } = await execa(first, rest, { all: true, reject: false, stdin: 'ignore' });
    expect(all).not.toMatch(/EACCES|keeper-ended/);
    expect(all).toContain('ssh: no route to x');
    expect(all).toContain(`\n${folder} ${owner} 7`);
    expect(all).toContain(`\n${folder}/taskgate ${owner} 700`);
  });
});
