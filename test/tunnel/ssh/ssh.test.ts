import { type AddressInfo, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { SshSpec } from '../../../src/instance/tunnels.ts';
import { type Command, CommandError } from '../../../src/lib/process/runner.ts';
import type { spawnTethered } from '../../../src/lib/process/tethered.ts';
import type { PublicAddress } from '../../../src/model/master-endpoint.ts';
import { sshTunnel } from '../../../src/tunnel/ssh/ssh.ts';
import { fakeRunner } from '../../fakes/runner.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';
import { sampleSpec } from '../../support/tunnel/ssh-sample.ts';
import { unknownHost } from '../../support/tunnel/unknown-host.ts';

const inspected = 'hostname 127.0.0.1\nuser me\nport 22\nuserknownhostsfile /home/me/.ssh/known_hosts\n';
/** What ssh is asked before it opens a tunnel, with its answers. */
const answers = (folder: string) => ({
  'ssh -V': '',
  'ssh -G -N -- aws-dev.prv': inspected,
  'ssh -G -N -F /dev/null -- aws-dev.prv': inspected.replaceAll('me', 'root'),
  [`ssh -G -N -F ${folder}/ssh_config -- aws-dev.prv`]: inspected,
});
const localPort = 41000;
const { signal } = new AbortController();
const probe = async () => 'nothing came back';

/** The public end, at which every connection is one that has arrived. */
const startPublicEnd = async (onArrival: () => void): Promise<PublicAddress> => {
  const server = createServer((socket) => {
    socket.end();
    onArrival();
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { scheme: 'http', host: '127.0.0.1', port: (server.address() as AddressInfo).port };
};

const portOf = (command: Command): number => Number(/-R [^ ]+?:(\d+):127/.exec(command.join(' '))?.[1]);

/** An ssh that listens at the server, unless the port is among those that are taken. */
const fakeSsh = async (taken: readonly number[] = []) => {
  const asked: number[] = [];
  const environments: unknown[] = [];
  let kills = 0;
  let tell: (line: string) => void = () => undefined;
  const address = await startPublicEnd(() =>
    tell(`debug1: client_request_forwarded_tcpip: listen 0.0.0.0 port ${address.port}, originator 127.0.0.1 port 5`),
  );
  const spawn: typeof spawnTethered = (command, { onLine = () => undefined, env } = {}) => {
    const [port, ended] = [portOf(command), Promise.withResolvers<string>()];
    asked.push(port);
    environments.push(env);
    tell = onLine;
    setTimeout(() => {
      onLine('debug1: Authenticating');
      if (taken.includes(port)) {
        onLine(`Error: remote port forwarding failed for listen port ${port}`);
        ended.resolve('exited with 255');
      } else if (port === 0) onLine(`Allocated port ${address.port} for remote forward to 127.0.0.1:${localPort}`);
      else onLine(`debug1: remote forward success for: listen 0.0.0.0:${port}, connect 127.0.0.1:${localPort}`);
    });
    const kill = async () => {
      kills++;
      ended.resolve('ended by SIGTERM');
    };
    return { pid: 1, ended: ended.promise, kill };
  };
  return { address, spawn, asked, environments, kills: () => kills, say: (line: string) => tell(line) };
};

type Ssh = Awaited<ReturnType<typeof fakeSsh>>;

const start = async ({ spawn }: Ssh, spec: Partial<SshSpec> = {}) => {
  const folder = await temporaryDir();
  const details: string[] = [];
  const lines: string[] = [];
  const tools = {
    ...{ runner: fakeRunner(answers(folder)).runner, spawn, env: { HOME: '/home/me' }, folder },
    onDetail: (detail: string) => void details.push(detail),
    onLine: (line: string) => void lines.push(line),
    patienceMs: { open: 200, arrival: 1_000, stale: 150 },
  };
  return { driver: sshTunnel({ ...sampleSpec, ...spec }, tools), details, lines };
};

test('the address is what ssh dials, with the port that the server allocates', async () => {
  const ssh = await fakeSsh();
  const { driver, lines } = await start(ssh, { remotePort: 0 });
  const { address, ended, close } = await driver.open({ localPort, probe, signal });
  expect(address).toEqual(ssh.address);
  expect({ kind: driver.kind, target: driver.target }).toEqual({ kind: 'ssh', target: 'ssh aws-dev.prv' });
  expect(ssh.environments).toEqual([{ HOME: '/home/me', SSH_ASKPASS_REQUIRE: 'never' }]);
  ssh.say('debug1: channel 0: free');
  ssh.say('connect_to 127.0.0.1 port 41000: failed.');
  expect(lines.at(-1)).toBe('connect_to 127.0.0.1 port 41000: failed.');
  expect(lines).not.toContain('debug1: channel 0: free');
  await close();
  expect(await ended).toBe('ended by SIGTERM');
});

test.each([
  ['the first time', undefined, 'any'],
  ['again', 'same', 'same'],
  ['after a tunnel to somewhere else', 'elsewhere', 'any'],
])('a server that allocates is asked, %s (before: %s), for %s port', async (_, before, expected) => {
  const ssh = await fakeSsh();
  const previous = before && { ...ssh.address, ...(before === 'elsewhere' && { host: 'tasks.example.app' }) };
  await (await start(ssh, { remotePort: 0 })).driver.open({ localPort, probe, signal, ...(previous && { previous }) });
  expect(ssh.asked).toEqual([expected === 'same' ? ssh.address.port : 0]);
});

test('a port that was ours is asked for until the wait ends; then the server allocates, if it may', async () => {
  const ssh = await fakeSsh([1]);
  const { driver, details } = await start(ssh, { remotePort: 0 });
  const previous = { ...ssh.address, port: 1 };
  expect((await driver.open({ localPort, probe, signal, previous })).address).toEqual(ssh.address);
  expect(ssh.asked[0]).toBe(1);
  expect(ssh.asked.at(-1)).toBe(0);
  expect(details).toEqual([
    expect.stringMatching(/^port 1 of 127\.0\.0\.1 is still in use, perhaps/),
    expect.stringMatching(/^port 1 of 127\.0\.0\.1 is still in use after 0\.15s; using another one$/),
  ]);
});

test('a fixed port is never given up', async () => {
  const ssh = await fakeSsh([1]);
  const { driver } = await start(ssh, { remotePort: 1 });
  const opening = driver.open({ localPort, probe, signal, previous: { ...ssh.address, port: 1 } });
  await expect(opening).rejects.toMatchObject({ id: 'tunnel.ssh-port-stale' });
  expect(new Set(ssh.asked)).toEqual(new Set([1]));
});

test('a port that never was ours is not waited for', async () => {
  const ssh = await fakeSsh([1]);
  const { driver } = await start(ssh, { remotePort: 1 });
  await expect(driver.open({ localPort, probe, signal })).rejects.toMatchObject({ id: 'tunnel.ssh-port-taken' });
  expect({ asked: ssh.asked, kills: ssh.kills() }).toEqual({ asked: [1], kills: 1 });
});

test('a public end that only this machine cannot reach is told, and left to pods', async () => {
  const ssh = await fakeSsh();
  const { driver, details } = await start(ssh, { remotePort: 0, publicHost: unknownHost });
  const tunnel = await driver.open({ localPort, probe, signal });
  expect(tunnel.address.host).toBe(unknownHost);
  expect(tunnel.unseen?.cause).toBe(`sshd listens, but no address is known here for ${unknownHost}`);
  expect(tunnel.isDirect).toBeUndefined();
  expect(details).toEqual([expect.stringContaining(unknownHost)]);
});

test('an ssh that is not there', async () => {
  const runner = async (command: Command) => {
    throw new CommandError(command, { reason: 'spawn ssh ENOENT' });
  };
  const driver = sshTunnel(sampleSpec, { ...{ runner, env: {}, folder: '/' }, spawn: (await fakeSsh()).spawn });
  await expect(driver.open({ localPort, probe, signal })).rejects.toMatchObject({
    id: 'tunnel.ssh-missing',
    hint: expect.stringMatching(/openssh-client/),
  });
});
