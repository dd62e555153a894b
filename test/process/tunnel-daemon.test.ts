import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, onTestFinished } from 'vitest';
import { hostAlias, noSshServer, type SshServer } from '../../scripts/testbed/sshd.ts';
import { extendTunnel } from '../../src/commands/tunnel/extend.ts';
import { findTunnelDaemon, findTunnelStatus } from '../../src/daemon/find.ts';
import { startTunnels } from '../../src/daemon/start.ts';
import { stopTunnelDaemon } from '../../src/daemon/stop.ts';
import type { WantedTunnels } from '../../src/daemon/wanted.ts';
import { createInstance, type Instance } from '../../src/instance/instance.ts';
import { instancePaths } from '../../src/instance/paths.ts';
import type { SshSpec } from '../../src/instance/tunnels.ts';
import { execaRunner } from '../../src/lib/process/runner.ts';
import { root } from '../support/process/user.ts';
import { readAll } from '../support/sshd/client.ts';
import { test } from '../support/sshd/fixture.ts';

/** Something that answers in the master's place. */
const startMaster = async (): Promise<number> => {
  const server = createServer((request, response) => response.end(`master saw ${request.url}`));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
};

type Given = { readonly masterPort?: number; readonly ttlHours?: number; readonly ssh?: Partial<SshSpec> };

const wantedOf = ({ clientConfig }: SshServer, { masterPort = 1, ttlHours, ssh }: Given): WantedTunnels => ({
  tunnel: {
    driver: {
      kind: 'ssh',
      settings: {
        ...{ host: hostAlias, configFile: clientConfig, program: 'ssh', remotePort: 0, bindAddress: '0.0.0.0' },
        ...{ hostKeyPolicy: 'accept-new', serverAliveInterval: 60, serverAliveCountMax: 10, ...ssh },
      },
    },
    master: { host: '127.0.0.1', port: masterPort },
    ...(ttlHours !== undefined && { ttlHours }),
  },
});

/** An instance with nothing in it, whose tunnels end with the test. */
const makeInstance = async (): Promise<Instance> => {
  const home = await mkdtemp(join(tmpdir(), 'tg-keep-'));
  const instance = await createInstance(home, { name: 'dev', provider: 'native', cidr: '10.210.0.0/16' });
  onTestFinished(async () => {
    await stopTunnelDaemon(instance);
    await rm(home, { recursive: true });
  });
  return instance;
};

const start = (instance: Instance, wanted: WantedTunnels, said: string[] = []) =>
  startTunnels({
    daemonCommand: [process.execPath, join(root, 'scripts', 'tunnel-daemon.ts')],
    ...{ instance, wanted, env: process.env, signal: new AbortController().signal, timeoutMs: 20_000 },
    report: (line) => said.push(line),
  });

const stateOf = async ({ dir }: Instance) => (await findTunnelStatus(dir))?.tunnel?.state;
const untilUp = (instance: Instance, timeout: number) =>
  expect.poll(() => stateOf(instance), { timeout, interval: 50 }).toBe('up');

/** Programs of ssh that were started for this instance. */
const sshPids = async ({ dir }: Instance): Promise<readonly string[]> => {
  const { stdout } = await execaRunner(['pgrep', '--full', `^ssh -F ${dir}/`]).catch(() => ({ stdout: '' }));
  return stdout.split('\n').filter(Boolean);
};

/** What somebody in the server's network gets from the master by the tunnel's address. */
const askThrough = async ({ network }: SshServer, port: number, path = '/info'): Promise<string> => {
  const url = `http://127.0.0.1:${port}${path}`;
  const program = `fetch('${url}').then(async (r) => console.log(await r.text()), (e) => console.log(String(e.cause)))`;
  const { stdout } = await execaRunner(network.inside([process.execPath, '-e', program]));
  return stdout;
};

describe.skipIf(noSshServer)(`${noSshServer}a tunnel daemon with a real sshd`, () => {
  test('is up once a nonce came back; what tasks send reaches the master, and `down` leaves nothing', async ({
    server,
  }) => {
    const instance = await makeInstance();
    const wanted = wantedOf(server, { masterPort: await startMaster() });
    const { tunnel } = await start(instance, wanted);
    expect(tunnel).toMatchObject({ state: 'up', kind: 'ssh', target: `ssh ${hostAlias}`, restarts: 0 });
    expect(tunnel?.master.trouble).toBeUndefined();
    expect(await askThrough(server, tunnel?.address?.port ?? 0)).toBe('master saw /info');
    expect((await stat(instancePaths(instance.dir).tunnelSpecPath)).mode & 0o777).toBe(0o600);
    const daemon = await findTunnelDaemon(instance);
    expect(await start(instance, wanted)).toMatchObject({ tunnel: { address: tunnel?.address } });
    expect(await findTunnelDaemon(instance)).toEqual(daemon);
    expect(await stopTunnelDaemon(instance)).toBe(true);
    expect(await sshPids(instance)).toEqual([]);
    expect(instance.record().journal).toEqual([]);
    expect(await findTunnelStatus(instance.dir)).toBeUndefined();
    expect(await readFile(instancePaths(instance.dir).tunnelLogPath, 'utf8')).toContain(' ssh tunnel http://');
  });

  test('reports where no master listens', async ({ server }) => {
    const instance = await makeInstance();
    const { tunnel } = await start(instance, wantedOf(server, { masterPort: 1 }));
    expect(tunnel).toMatchObject({
      state: 'up',
      master: { trouble: expect.stringContaining('the master on 127.0.0.1:1 (') },
    });
  });

  test('after a restart of the server it is back within 5 s, at the same address', async ({ server }) => {
    const instance = await makeInstance();
    const { tunnel } = await start(instance, wantedOf(server, { masterPort: await startMaster() }));
    await server.kill();
    await expect.poll(() => stateOf(instance), { timeout: 5_000 }).not.toBe('up');
    await pause(3_000);
    await server.start();
    await untilUp(instance, 5_000);
    expect((await findTunnelStatus(instance.dir))?.tunnel?.address).toEqual(tunnel?.address);
    expect(await askThrough(server, tunnel?.address?.port ?? 0)).toBe('master saw /info');
  });

  test('a link that is down for 30 s has it back within 5 s of its return, at the same address', async ({ server }) => {
    const instance = await makeInstance();
    const { tunnel } = await start(instance, wantedOf(server, { masterPort: await startMaster() }));
    await server.network.setLink('down');
    await pause(30_000);
    expect(await stateOf(instance)).not.toBe('up');
    await server.network.setLink('up');
    await untilUp(instance, 5_000);
    expect((await findTunnelStatus(instance.dir))?.tunnel?.address).toEqual(tunnel?.address);
    expect(await askThrough(server, tunnel?.address?.port ?? 0)).toBe('master saw /info');
  });

  test('an ssh that is killed is restarted at once', async ({ server }) => {
    const instance = await makeInstance();
    const { tunnel } = await start(instance, wantedOf(server, {}));
    for (const pid of await sshPids(instance)) process.kill(Number(pid), 'SIGKILL');
    await expect.poll(async () => (await findTunnelStatus(instance.dir))?.tunnel?.restarts, { timeout: 5_000 }).toBe(1);
    await untilUp(instance, 5_000);
    expect((await findTunnelStatus(instance.dir))?.tunnel?.address).toEqual(tunnel?.address);
  });

  test('killed outright it leaves no ssh; the next start has the same address', async ({ server }) => {
    const instance = await makeInstance();
    const wanted = wantedOf(server, {});
    const { tunnel } = await start(instance, wanted);
    await instance.change({ master: { scheme: 'https', host: '', port: 0, ...tunnel?.address, via: 'ssh' } });
    const daemon = await findTunnelDaemon(instance);
    process.kill(daemon?.process.pid ?? 0, 'SIGKILL');
    await expect.poll(() => sshPids(instance), { timeout: 5_000 }).toEqual([]);
    expect(await findTunnelDaemon(instance)).toBeUndefined();
    expect((await start(instance, wanted)).tunnel?.address).toEqual(tunnel?.address);
  });

  test('a failure that only the user can fix is reported, and nothing keeps running', async ({ server }) => {
    const instance = await makeInstance();
    await writeFile(join(server.dir, 'authorized_keys'), '');
    await expect(start(instance, wantedOf(server, {}))).rejects.toMatchObject({ id: 'tunnel.ssh-refused-key' });
    expect(instance.record().journal).toEqual([]);
    expect(await sshPids(instance)).toEqual([]);
  });

  test('expires, and is opened again when it is extended', async ({ server }) => {
    const instance = await makeInstance();
    const { tunnel } = await start(instance, wantedOf(server, { ttlHours: 8 }));
    expect(Date.parse(tunnel?.until ?? '')).toBeGreaterThan(Date.now() + 7.9 * 3_600_000);
    await extendTunnel(instance, 1 / 3_600);
    await expect.poll(() => stateOf(instance), { timeout: 6_000 }).toBe('ended');
    expect(await sshPids(instance)).toEqual([]);
    const { host, port } = tunnel?.address ?? { host: '', port: 0 };
    expect(await readAll({ host, port })).toContain('ECONNREFUSED');
    await extendTunnel(instance, 1);
    await untilUp(instance, 5_000);
    const again = (await findTunnelStatus(instance.dir))?.tunnel;
    expect(again?.address).toEqual(tunnel?.address);
    expect(Date.parse(again?.until ?? '')).toBeGreaterThan(Date.now() + 3_500_000);
  });

  test('one that does not expire cannot be extended', async ({ server }) => {
    const instance = await makeInstance();
    await expect(extendTunnel(instance, 1)).rejects.toMatchObject({ id: 'tunnel.not-running' });
    await start(instance, wantedOf(server, {}));
    await expect(extendTunnel(instance, 1)).rejects.toMatchObject({ id: 'usage.no-ttl' });
  });

  test('it ends with a starter that never detached it', async ({ server }) => {
    const instance = await makeInstance();
    const { tunnel } = await start(instance, wantedOf(server, {}));
    expect(tunnel?.state).toBe('up');
    const { tunnelSpecPath: specPath } = instancePaths(instance.dir);
    await stopTunnelDaemon(instance);
    const program = join(import.meta.dirname, '../../scripts/tunnel-daemon.ts');
    const daemon = spawn(process.execPath, [program, specPath], { stdio: ['pipe', 'pipe', 'ignore'] });
    const ended = new Promise((resolve) => daemon.on('exit', resolve));
    daemon.stdin.write('go\n');
    await expect.poll(() => sshPids(instance), { timeout: 20_000 }).toHaveLength(1);
    daemon.stdin.end();
    expect(await ended).toBe(1);
    await expect.poll(() => sshPids(instance), { timeout: 5_000 }).toEqual([]);
  });
});
