import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isThere } from '../../src/lib/files.ts';
import { type Command, execaRunner } from '../../src/lib/process/runner.ts';
import { spawnTethered, type Tethered } from '../../src/lib/process/tethered.ts';
import { makeNetwork, type Network } from './network.ts';

const program = '/usr/sbin/sshd';

/** Why a test with a real sshd cannot run here; empty where it can. */
export const noSshServer =
  process.getuid?.() === 0 && (await isThere(program)) ? '' : 'skipped, needs root, iproute2 and openssh-server: ';

/** The name that `clientConfig` gives the server. */
export const hostAlias = 'tunnel-host';

export type SshServer = {
  readonly network: Network;
  /** Where its files are: `host_key`, `user_key`, `sshd_config`. */
  readonly dir: string;
  readonly address: string;
  /** An ssh_config that knows the server as {@link hostAlias}, with the key that it takes. */
  readonly clientConfig: string;
  /** What sshd has logged, newest last. */
  readonly log: readonly string[];
  /** Starts it, if it does not run, with these lines before its others (sshd takes the first of each). */
  readonly start: (settings?: readonly string[]) => Promise<void>;
  /** Ends sshd with all its sessions at once, as a crash of the machine would, but for the RST that clients get. */
  readonly kill: () => Promise<void>;
  /** Makes a new host key, as a reinstalled machine has. */
  readonly changeHostKey: () => Promise<void>;
  /** Writes other options before those of the accepted key, such as `restrict`. */
  readonly authorize: (options?: string) => Promise<void>;
  /** Runs a program of Node.js inside the server's network until the server is removed; resolves at its first line. */
  readonly run: (source: string) => Promise<Tethered>;
  readonly remove: () => Promise<void>;
};

const makeKey = (path: string) => execaRunner(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', path]);

const serverConfig = (dir: string, settings: readonly string[]): string =>
  [
    ...settings,
    'Port 22',
    `HostKey ${dir}/host_key`,
    `AuthorizedKeysFile ${dir}/authorized_keys`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'GatewayPorts clientspecified',
    'MaxStartups 100:30:200',
    '',
  ].join('\n');

const clientConfig = (dir: string, address: string): string =>
  [
    `Host ${hostAlias}`,
    `  HostName ${address}`,
    '  User root',
    `  IdentityFile ${dir}/user_key`,
    '  IdentitiesOnly yes',
    '  IdentityAgent none',
    '  GlobalKnownHostsFile none',
    `  UserKnownHostsFile ${dir}/known_hosts`,
    '',
  ].join('\n');

/** Starts a program and resolves at its first line that matches; rejects when it ends before. */
const startUntil = async (command: Command, pattern: RegExp, onLine: (line: string) => void): Promise<Tethered> => {
  const { promise: seen, resolve } = Promise.withResolvers<void>();
  const tethered = spawnTethered(command, {
    onLine: (line) => {
      onLine(line);
      if (pattern.test(line)) resolve();
    },
  });
  const end = await Promise.race([seen, tethered.ended]);
  if (end !== undefined) throw new Error(`${command.join(' ')} ${end}`);
  return tethered;
};

/** In private mount and PID namespaces: the host's /run stays as it is, and no session outlives sshd. */
const sshdCommand = ({ inside }: Network, dir: string): Command =>
  inside([
    ...(['unshare', '--mount', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'] as const),
    ...['sh', '-euc', 'mount -t tmpfs -o mode=755 tmpfs /run; mkdir -m 755 /run/sshd; exec "$@"', 'sshd'],
    ...[program, '-D', '-e', '-f', `${dir}/sshd_config`],
  ]);

/** Starts a real sshd in a network namespace of its own; needs root. What it makes goes with `remove`. */
export const startSshServer = async (settings: readonly string[] = []): Promise<SshServer> => {
  const network = await makeNetwork();
  // not TMPDIR, which may lie below the /run that sshd does not see
  const dir = await mkdtemp('/tmp/tg-sshd-');
  const log: string[] = [];
  const programs: Tethered[] = [];
  let sshd: Tethered | undefined;
  const kill = async () => {
    await sshd?.kill();
    sshd = undefined;
  };
  const start = async (next: readonly string[] = settings) => {
    await kill();
    await writeFile(join(dir, 'sshd_config'), serverConfig(dir, next));
    sshd = await startUntil(sshdCommand(network, dir), /^Server listening on 0\.0\.0\.0/, (line) => log.push(line));
  };
  const authorize = async (options = '') => {
    const { stdout } = await execaRunner(['ssh-keygen', '-y', '-f', join(dir, 'user_key')]);
    await writeFile(join(dir, 'authorized_keys'), `${options} ${stdout.trim()}\n`);
  };
  const changeHostKey = async () => {
    for (const file of ['host_key', 'host_key.pub']) await rm(join(dir, file), { force: true });
    await makeKey(join(dir, 'host_key'));
  };
  const run = async (source: string) => {
    const started = await startUntil(network.inside([process.execPath, '-e', source]), /./, () => undefined);
    programs.push(started);
    return started;
  };
  const remove = async () => {
    await kill();
    for (const one of programs) await one.kill();
    await network.remove();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await changeHostKey();
    await makeKey(join(dir, 'user_key'));
    await authorize();
    await writeFile(join(dir, 'ssh_config'), clientConfig(dir, network.address));
    await start();
  } catch (error) {
    await remove();
    throw error;
  }
  const { address } = network;
  const files = { dir, clientConfig: join(dir, 'ssh_config') };
  return { network, ...files, address, log, start, kill, changeHostKey, authorize, run, remove };
};
