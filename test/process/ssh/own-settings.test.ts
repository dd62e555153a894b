import { spawn } from 'node:child_process';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { hostAlias, noSshServer, type SshServer } from '../../../scripts/testbed/sshd.ts';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import { spawnTethered } from '../../../src/lib/process/tethered.ts';
import { addJumpHost } from '../../support/sshd/arrange.ts';
import { greeting, readAll } from '../../support/sshd/client.ts';
import { test } from '../../support/sshd/fixture.ts';

/** Holds a port of this host until the test is over. */
const hold = async (): Promise<number> => {
  const server = createServer((socket) => socket.destroy());
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
};

const addSettings = ({ clientConfig }: SshServer, ...lines: readonly string[]) =>
  appendFile(clientConfig, lines.map((line) => `  ${line}\n`).join(''));

/** A session of the user's own to the server, with the settings of the user's file. */
const openSession = async ({ clientConfig }: SshServer): Promise<void> => {
  const args = ['-F', clientConfig, '-o', 'StrictHostKeyChecking=accept-new', hostAlias, 'echo in; sleep 60'];
  const session = spawn('ssh', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void session.kill());
  await new Promise((resolve) => session.stdout.once('data', resolve));
};

describe.skipIf(noSshServer)(`${noSshServer}the settings of the user's own sessions with this server`, () => {
  test.for([
    ['LocalForward', (port: number) => `LocalForward 127.0.0.1:${port} 127.0.0.1:5432`],
    ['DynamicForward', (port: number) => `DynamicForward 127.0.0.1:${port}`],
  ] as const)('%s of a port that a first session holds does not matter', async ([, line], { server, client }) => {
    await addSettings(server, line(await hold()));
    const { address } = await client.make().open();
    expect(await readAll(address)).toBe(greeting);
  });

  test('LocalForward: its port stays free for the session that the user opens next', async ({ server, client }) => {
    await addSettings(server, 'LocalForward 127.0.0.1:15432 127.0.0.1:5432');
    await client.make().open();
    expect((await execaRunner(['ss', '-ltnH'])).stdout).not.toContain(':15432 ');
  });

  test('RemoteForward of a port that a first session holds: two tunnels beside it', async ({ server, client }) => {
    await addSettings(server, 'RemoteForward 52698 127.0.0.1:52698', 'ExitOnForwardFailure yes');
    await openSession(server);
    const first = await client.make({ spec: { remotePort: 0 } }).open();
    const second = await client.make({ spec: { remotePort: 0 } }).open();
    expect(await readAll(first.address)).toBe(greeting);
    expect(await readAll(second.address)).toBe(greeting);
  });

  test.for([
    ['a command and a terminal', ['RemoteCommand /bin/false', 'RequestTTY force', 'SessionType default']],
    ['a local command', ['PermitLocalCommand yes', 'LocalCommand touch %d/never; exit 1']],
    ['what leaves the terminal', ['ForkAfterAuthentication yes', 'StdinNull yes']],
    ['agents, windows, variables', ['ForwardAgent yes', 'ForwardX11 yes', 'SendEnv *', 'SetEnv A=b']],
    ['a tunnel device', ['Tunnel yes', 'ExitOnForwardFailure yes']],
    ['a Match block by a program', ['Match exec "true"', 'LocalForward 127.0.0.1:22 127.0.0.1:22', 'User root']],
  ] as const)('%s', async ([, lines], { server, client }) => {
    await addSettings(server, ...lines);
    const { address } = await client.make().open();
    expect(await readAll(address)).toBe(greeting);
  });

  test('what was left out is told in the log', async ({ server, client }) => {
    await addSettings(server, 'LocalForward 127.0.0.1:15433 127.0.0.1:5432', 'RemoteCommand tmux');
    await client.make().open();
    expect(client.said[0]).toMatch(/^not for a tunnel, left out of your settings: .*remotecommand.*localforward/);
  });

  test('a shared connection of the user is neither used nor replaced', async ({ server, client }) => {
    await addSettings(server, 'ControlMaster auto', `ControlPath ${server.dir}/control`);
    await openSession(server);
    const tunnel = await client.make().open();
    await tunnel.close();
    const { stderr } = await execaRunner(['ssh', '-F', server.clientConfig, '-O', 'check', hostAlias]);
    expect(stderr).toContain('Master running');
  });

  test('a jump host has the settings of the user, forwards included', async ({ server, client }) => {
    await addJumpHost(server, `StrictHostKeyChecking accept-new\n  LocalForward 127.0.0.1:${await hold()} 127.0.0.1:1`);
    const { address } = await client.make().open();
    expect(await readAll(address)).toBe(greeting);
  });

  test('a key in a folder with a space, by a variable of ssh, and a name for the host key', async ({
    server,
    client,
  }) => {
    const { clientConfig, dir } = server;
    await execaRunner(['mkdir', join(dir, 'my keys')]);
    await execaRunner(['cp', join(dir, 'user_key'), join(dir, 'my keys', 'key_root')]);
    const text = (await readFile(clientConfig, 'utf8')).replace(
      /IdentityFile .*/,
      `IdentityFile "${dir}/my keys/key_%r"`,
    );
    await writeFile(clientConfig, `${text}  HostKeyAlias the-bastion\n`);
    const { address } = await client.make().open();
    expect(await readAll(address)).toBe(greeting);
    expect(await readFile(join(client.folder, 'known_hosts'), 'utf8')).toMatch(/^the-bastion /);
  });

  test('an ssh that has ended is believed, not what is seen at its dead port', async ({ client }) => {
    const spawnShortLived: typeof spawnTethered = (command, options) => {
      const onLine = (line: string): void => {
        if (line.startsWith('Allocated port') && ssh.pid) process.kill(ssh.pid, 'SIGKILL');
        options?.onLine?.(line);
      };
      const ssh = spawnTethered(command, { ...options, onLine });
      return ssh;
    };
    const driver = client.make({
      tools: { spawn: spawnShortLived, patienceMs: { arrival: 500 } },
      spec: { remotePort: 0 },
    });
    await expect(driver.open()).rejects.toMatchObject({
      id: 'tunnel.ssh-ended',
      message: expect.stringMatching(/ended by SIGKILL/),
    });
  });
});
