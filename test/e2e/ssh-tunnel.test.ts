import { afterAll, beforeAll, describe, expect } from 'vitest';
import { linkNode } from '../../scripts/testbed/node-link.ts';
import { noSshServer, type SshServer } from '../../scripts/testbed/sshd.ts';
import type { InstanceStatus } from '../../src/commands/status/look.ts';
import { isRunning } from '../../src/lib/process/processes.ts';
import { polling, waitUntil } from '../../src/lib/wait.ts';
import { type SshTunnel, startSshTunnel, test } from '../support/e2e/ssh-tunnel.ts';
import { ending, type Taskgate } from '../support/e2e/taskgate.ts';

let taskgate: Taskgate;
let server: SshServer;
let ssh: readonly string[];
let tunnel: SshTunnel | undefined;

beforeAll(async () => {
  if (noSshServer) return;
  tunnel = await startSshTunnel('dev');
  ({ taskgate, server, ssh } = tunnel);
  expect(ending(await taskgate.run('up', '--master-reach', 'direct'))).toBe('exit 0');
  await linkNode(await taskgate.record('dev'), server);
});
afterAll(() => tunnel?.close());

const statusOf = async (): Promise<InstanceStatus> => {
  const [status] = JSON.parse((await taskgate.run('status', '--json')).stdout) as readonly InstanceStatus[];
  if (!status) throw new Error('there is no instance');
  return status;
};

const waitForTunnel = (state: string) =>
  waitUntil(
    'tunnel',
    polling(statusOf, 200),
    ({ tunnels }) => tunnels?.tunnel?.state === state || `${tunnels?.tunnel?.state}: ${tunnels?.tunnel?.detail}`,
    { timeoutMs: 60_000, id: 'tunnel.test' },
  );

describe(`${noSshServer}a master that tasks reach by ssh -R on a machine of its own`, () => {
  let port: number;

  test('up opens it, writes its address and has a task prove it', async () => {
    const ended = await taskgate.run('up', '--json', ...ssh);
    expect(ending(ended)).toBe('exit 0');
    const { master, proof } = JSON.parse(ended.stdout);
    expect(master).toMatchObject({ scheme: 'http', host: server.address, via: 'ssh' });
    ({ port } = master);
    const hops = proof.hops.filter(({ direction }: { direction: string }) => direction !== 'closed');
    expect(hops.at(-1)).toMatchObject({
      ok: true,
      from: `DET_MASTER http://${server.address}:${port}`,
      // the relay of the tunnel, on this host
      evidence: 'nonce came back; the placeholder master saw the call from 127.0.0.1',
    });
    const written = await taskgate.file('dev', 'master.yaml');
    expect(written).toContain(`determined_master_host: ${server.address}`);
    expect(written).toContain(`determined_master_port: ${port}`);
  });

  test('a second up leaves the tunnel as it is', async () => {
    const before = (await statusOf()).tunnels?.tunnel;
    expect(ending(await taskgate.run('up', ...ssh))).toBe('exit 0');
    expect((await statusOf()).tunnels?.tunnel).toMatchObject({ since: before?.since, restarts: before?.restarts });
  });

  test('cut: no task reaches the master any more; mended: the same address works again', async () => {
    await server.network.setLink('down');
    await waitForTunnel('backoff');
    const cut = await taskgate.run('smoke', '--json');
    expect(cut.exitCode).toBe(8);
    const broken = JSON.parse(cut.stdout).hops.filter(({ ok }: { ok: boolean }) => !ok);
    expect(new Set(broken.map(({ direction }: { direction: string }) => direction))).toEqual(new Set(['reverse']));
    expect((await taskgate.run('status')).exitCode).toBe(7);

    await server.network.setLink('up');
    const { tunnels } = await waitForTunnel('up');
    expect(tunnels?.tunnel?.address).toMatchObject({ host: server.address, port });
    expect(ending(await taskgate.run('smoke'))).toBe('exit 0');
  });

  test('the tunnel daemon is killed: status says so, up opens it again at the same address', async () => {
    const { journal } = await taskgate.record('dev');
    const daemon = journal.find((one) => one.kind === 'tunnels');
    if (daemon?.kind !== 'tunnels') throw new Error('no tunnel daemon is in the journal');
    process.kill(daemon.process.pid, 'SIGKILL');
    await waitUntil(
      'end of the tunnel daemon',
      polling(() => taskgate.run('status'), 100),
      ({ stderr }) => stderr.includes('the tunnel daemon is not running') || stderr,
      { timeoutMs: 10_000, id: 'tunnel.test' },
    );
    const ended = await taskgate.run('up', '--json', ...ssh);
    expect(ending(ended)).toBe('exit 0');
    expect(JSON.parse(ended.stdout).master).toMatchObject({ host: server.address, port });
  });

  test('back to the direct way: the tunnel is closed, and the configuration written anew', async () => {
    const ended = await taskgate.run('up', '--json', '--master-reach', 'direct');
    expect(ending(ended)).toBe('exit 0');
    expect(JSON.parse(ended.stdout).master.via).toBe('direct');
    expect((await statusOf()).tunnels).toBeUndefined();
    expect(await taskgate.file('dev', 'master.yaml')).not.toContain(server.address);
  });

  test('down closes it too', async () => {
    expect(ending(await taskgate.run('up', ...ssh))).toBe('exit 0');
    const { journal } = await taskgate.record('dev');
    const daemon = journal.find((one) => one.kind === 'tunnels');
    expect(ending(await taskgate.run('down'))).toBe('exit 0');
    expect(daemon?.kind === 'tunnels' && (await isRunning(daemon.process))).toBe(false);
  });
});
