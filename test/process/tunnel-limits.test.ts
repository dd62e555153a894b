import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, onTestFinished } from 'vitest';
import { hostAlias, noSshServer, type SshServer } from '../../scripts/testbed/sshd.ts';
import { deadlineAfter, readClocks } from '../../src/daemon/expiry.ts';
import { findTunnelStatus } from '../../src/daemon/find.ts';
import { makeTunnelSpec } from '../../src/daemon/spec.ts';
import { instancePaths } from '../../src/instance/paths.ts';
import type { TunnelSpec } from '../../src/instance/tunnels.ts';
import { instanceRecord } from '../support/context.ts';
import { figure } from '../support/figure.ts';
import { root } from '../support/process/user.ts';
import { readAll } from '../support/sshd/client.ts';
import { test } from '../support/sshd/fixture.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

type Given = { readonly shell?: string; readonly spec?: Partial<TunnelSpec> };

/** A tunnel daemon that nobody detaches; it ends with the test. */
const startDaemon = async ({ clientConfig }: SshServer, { shell = 'exec "$@"', spec = {} }: Given = {}) => {
  const dir = await temporaryDir();
  const settings = {
    ...{ host: hostAlias, configFile: clientConfig, program: 'ssh', remotePort: 8080, bindAddress: '0.0.0.0' },
    ...({ hostKeyPolicy: 'accept-new', serverAliveInterval: 60, serverAliveCountMax: 10 } as const),
  };
  const wanted = { tunnel: { driver: { kind: 'ssh', settings }, master: { host: '127.0.0.1', port: 1 } } } as const;
  const made = makeTunnelSpec({ dir, record: () => instanceRecord() }, wanted, { last: undefined, now: 0 });
  const path = instancePaths(dir).tunnelSpecPath;
  await writeFile(path, JSON.stringify({ ...made, tunnel: { ...made.tunnel, ...spec } }));
  const start = () => {
    const program = [process.execPath, join(root, 'scripts', 'tunnel-daemon.ts'), path];
    const daemon = spawn('sh', ['-c', shell, 'sh', ...program], { stdio: ['pipe', 'ignore', 'inherit'] });
    onTestFinished(async () => {
      const ended = new Promise((resolve) => daemon.once('exit', resolve));
      if (daemon.exitCode === null && daemon.signalCode === null && daemon.kill('SIGKILL')) await ended;
    });
    daemon.stdin.write('go\n');
    return daemon;
  };
  const tunnel = async () => (await findTunnelStatus(dir))?.tunnel;
  const untilState = (state: string, timeout: number) =>
    expect.poll(async () => (await tunnel())?.state, { timeout, interval: 20 }).toBe(state);
  return { dir, start, tunnel, untilState };
};

const end = ({ address: host }: SshServer) => ({ host, port: 8080 });
const isClosed = async (server: SshServer) => (await readAll(end(server), 300)).includes('ECONNREFUSED');

describe.skipIf(noSshServer)(`${noSshServer}limits of a tunnel, with a real sshd`, () => {
  test('300 clients that say half a request, and 200 open files: the daemon lives, and its tunnel is up again', async ({
    server,
  }) => {
    const { start, tunnel, untilState } = await startDaemon(server, {
      shell: 'ulimit -n 200; exec "$@"',
      spec: { timings: { livenessMs: 1_000 } },
    });
    const daemon = start();
    await untilState('up', 20_000);
    const clients: Socket[] = [];
    for (let made = 0; made < 300; made++) {
      const client = connect(end(server)).on('error', () => undefined);
      client.write('GET /.taskgate/pr');
      clients.push(client);
    }
    onTestFinished(() => {
      for (const client of clients) client.destroy();
    });
    const before = (await tunnel())?.proven?.at ?? '';
    await expect
      .poll(async () => (await tunnel())?.proven?.at ?? '', { timeout: 40_000, interval: 200 })
      .not.toBe(before);
    expect(daemon.exitCode).toBe(null);
    // ssh has the same limit, and may have been started again
    await untilState('up', 20_000);
    expect(await tunnel()).toMatchObject({ connectionLimit: 16 });
    expect((await tunnel())?.connections).toBeLessThanOrEqual(16);
  });

  test('closed within 5 s of its time, also after SIGSTOP and SIGCONT', async ({ server }) => {
    const deadline = deadlineAfter(await readClocks(), 5 / 3_600);
    const { start, untilState } = await startDaemon(server, { spec: deadline });
    const daemon = start();
    await untilState('up', 20_000);
    daemon.kill('SIGSTOP');
    await pause(Date.parse(deadline.until) - Date.now() + 3_000);
    expect(await isClosed(server)).toBe(false);
    const continued = performance.now();
    daemon.kill('SIGCONT');
    while (!(await isClosed(server))) await pause(20);
    const tookMs = performance.now() - continued;
    figure(
      'ms until a public end is closed after its time, once a suspended daemon goes on',
      Math.round(tookMs),
      5_000,
    );
    await untilState('ended', 5_000);
  });

  test('closed within 5 s of its time, by a daemon that was killed and started again', async ({ server }) => {
    const deadline = deadlineAfter(await readClocks(), 8 / 3_600);
    const { start, untilState, tunnel } = await startDaemon(server, { spec: deadline });
    const first = start();
    await untilState('up', 20_000);
    const killed = new Promise((resolve) => first.once('exit', resolve));
    first.kill('SIGKILL');
    await killed;
    start();
    await untilState('up', 20_000);
    expect((await tunnel())?.until).toBe(deadline.until);
    await pause(Date.parse(deadline.until) - Date.now());
    while (!(await isClosed(server))) await pause(20);
    const lateMs = Date.now() - Date.parse(deadline.until);
    figure('ms until a public end is closed after its time, by a daemon that was started again', lateMs, 5_000);
  });

  test('a calendar that says an hour earlier prolongs nothing: the time since boot closes it', async ({ server }) => {
    const { until, boot } = deadlineAfter(await readClocks(), 4 / 3_600);
    const later = new Date(Date.parse(until) + 3_600_000).toISOString();
    const { start, untilState } = await startDaemon(server, { spec: { until: later, ...(boot && { boot }) } });
    start();
    await untilState('ended', 15_000);
    expect(await isClosed(server)).toBe(true);
  });

  test('one whose time cannot be read is never opened', async ({ server }) => {
    const { start, untilState, dir } = await startDaemon(server, { spec: { until: 'soon' } });
    start();
    await untilState('ended', 10_000);
    expect(await isClosed(server)).toBe(true);
    expect(await readFile(instancePaths(dir).tunnelLogPath, 'utf8')).toContain('ssh tunnel ended: expired at soon');
  });
});
