import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished } from 'vitest';
import { hostAlias, noSshServer, type SshServer } from '../../../scripts/testbed/sshd.ts';
import { keepTunnel } from '../../../src/daemon/keep-tunnel.ts';
import type { SshSpec } from '../../../src/instance/tunnels.ts';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import { spawnTethered } from '../../../src/lib/process/tethered.ts';
import { proveRefused } from '../../../src/tunnel/relay/refused.ts';
import { sshTunnel } from '../../../src/tunnel/ssh/ssh.ts';
import { readAll } from '../../support/sshd/client.ts';
import { test } from '../../support/sshd/fixture.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const startMaster = async () => {
  let calls = 0;
  const server = createServer((_, response) => {
    calls++;
    response.setHeader('connection', 'close').end('master');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, calls: () => calls };
};

/** A tunnel whose daemon admits these ranges, and how it is. */
const openTunnel = async ({ clientConfig }: SshServer, masterPort: number, allowFrom?: readonly string[]) => {
  const settings: SshSpec = {
    ...{ host: hostAlias, configFile: clientConfig, program: 'ssh', remotePort: 8080, bindAddress: '0.0.0.0' },
    ...{ hostKeyPolicy: 'accept-new', serverAliveInterval: 60, serverAliveCountMax: 10 },
    ...(allowFrom && { allowFrom }),
  };
  const controller = new AbortController();
  const tools = { runner: execaRunner, spawn: spawnTethered, env: process.env, folder: await temporaryDir() };
  const kept = await keepTunnel({
    driver: sshTunnel(settings, tools),
    spec: { driver: { kind: 'ssh', settings }, master: { host: '127.0.0.1', port: masterPort }, secret: 's3cret' },
    ...{ proxyEnv: {}, signal: controller.signal, onEvent: () => undefined },
  });
  onTestFinished(async () => {
    controller.abort(new Error('over'));
    await kept.done.catch(() => undefined);
  });
  await expect.poll(() => kept.report().state, { timeout: 20_000, interval: 50 }).toBe('up');
  return kept;
};

/** So many calls, one after the other, from inside the server's network to one of its addresses: how each ended. */
const callInside = async ({ network }: SshServer, host: string, times: number): Promise<readonly string[]> => {
  const program = `(async () => {
    for (let i = 0; i < ${times}; i++)
      console.log(await fetch('http://${host}:8080/info').then((r) => r.text(), (e) => 'refused ' + (e.cause?.code ?? e)));
  })()`;
  const { stdout } = await execaRunner(network.inside([process.execPath, '-e', program]));
  return stdout.trim().split('\n');
};

describe.skipIf(noSshServer)(`${noSshServer}tunnel.allowFrom, with a real sshd`, () => {
  test('who is allowed gets through, another is reset and never reaches the master; both are listed', async ({
    server,
  }) => {
    const { address, network } = server;
    const master = await startMaster();
    const { report } = await openTunnel(server, master.port, ['127.0.0.0/8']);
    expect(await callInside(server, '127.0.0.1', 20)).toEqual(Array(20).fill('master'));
    expect(await callInside(server, address, 20)).toEqual(Array(20).fill('refused UND_ERR_SOCKET'));
    expect(master.calls()).toBe(20);
    const caller = report().ownAddress ?? '';
    expect(caller).toBe(network.hostAddress);
    const end = { scheme: 'http', host: address, port: 8080 } as const;
    expect(await proveRefused({ address: end, allowFrom: ['127.0.0.0/8'], caller })).toMatchObject({
      outcome: 'closed',
      evidence: `${address}:8080 was called from ${caller}: closed without a byte`,
    });
    const seen = report().callers?.map(({ address: from, admitted, refused }) => [from, admitted, refused]);
    expect(seen).toEqual([
      [caller, 0, expect.any(Number)],
      [address, 0, 20],
      ['127.0.0.1', 20, 0],
    ]);
    // its own probes come from an address that is not allowed
    expect(report().state).toBe('up');
  });

  test('100 calls at a time, of two sources, are told apart', async ({ server }) => {
    const { address } = server;
    const master = await startMaster();
    await openTunnel(server, master.port, ['127.0.0.0/8']);
    const rounds = Array.from({ length: 5 }, () => [
      callInside(server, '127.0.0.1', 20),
      callInside(server, address, 20),
    ]);
    const ended = await Promise.all(rounds.map((both) => Promise.all(both)));
    expect(ended.flatMap(([allowed]) => allowed)).toEqual(Array(100).fill('master'));
    expect(ended.flatMap(([, others]) => others).filter((said) => said === 'master')).toEqual([]);
    expect(master.calls()).toBe(100);
  });

  test('a program of this host that calls the relay itself, not through ssh, is refused, too', async ({ server }) => {
    const master = await startMaster();
    await openTunnel(server, master.port, ['127.0.0.0/8']);
    const { stdout } = await execaRunner(['ss', '-ltnpH']);
    const own = stdout.split('\n').filter((line) => line.includes(`pid=${process.pid},`));
    const ports = own
      .map((line) => Number(/127\.0\.0\.1:(\d+)/.exec(line)?.[1]))
      .filter((port) => port && port !== master.port);
    expect(ports).toHaveLength(1);
    expect(await readAll({ host: '127.0.0.1', port: ports[0] ?? 0 }, 4_000)).toContain('ECONNRESET');
    expect(master.calls()).toBe(0);
  });

  test('without it everyone gets through, and the callers are listed all the same', async ({ server }) => {
    const master = await startMaster();
    const { report } = await openTunnel(server, master.port);
    expect(await callInside(server, server.address, 5)).toEqual(Array(5).fill('master'));
    // only one connection in a while is looked up, and the tunnel's own probe may have been the one
    const callAgain = async (): Promise<readonly string[]> => {
      await callInside(server, server.address, 1);
      return (report().callers ?? []).map(({ address }) => address);
    };
    await expect.poll(callAgain, { timeout: 20_000, interval: 150 }).toContain(server.address);
    expect(report().connectionLimit).toBe(512);
  });
});
