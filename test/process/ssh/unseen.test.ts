import { describe, expect, onTestFinished } from 'vitest';
import { hostAlias, noSshServer, type SshServer } from '../../../scripts/testbed/sshd.ts';
import { keepTunnel } from '../../../src/daemon/keep-tunnel.ts';
import type { SshSpec } from '../../../src/instance/tunnels.ts';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import { spawnTethered } from '../../../src/lib/process/tethered.ts';
import { sshTunnel } from '../../../src/tunnel/ssh/ssh.ts';
import { test } from '../../support/sshd/fixture.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const onlyForPods = '203.0.113.9';

const addRoute = async (...route: readonly string[]): Promise<void> => {
  await execaRunner(['ip', 'route', 'add', ...route]);
  onTestFinished(async () => void (await execaRunner(['ip', 'route', 'del', ...route]).catch(() => undefined)));
};

/** A tunnel whose public end has an address of its own, kept as the daemon keeps it. */
const keep = async ({ clientConfig }: SshServer, publicHost: string) => {
  const settings: SshSpec = {
    ...{ host: hostAlias, configFile: clientConfig, program: 'ssh', remotePort: 8080, bindAddress: '0.0.0.0' },
    ...{ hostKeyPolicy: 'accept-new', serverAliveInterval: 1, serverAliveCountMax: 2, publicHost },
  };
  const controller = new AbortController();
  const events: string[] = [];
  const tools = { runner: execaRunner, spawn: spawnTethered, env: process.env, folder: await temporaryDir() };
  const kept = await keepTunnel({
    driver: sshTunnel(settings, { ...tools, patienceMs: { arrival: 1_000 } }),
    spec: {
      ...{ driver: { kind: 'ssh', settings }, master: { host: '127.0.0.1', port: 1 }, secret: 's3cret' },
      timings: { livenessMs: 200, probeTimeoutMs: 300, degradedMs: 100 },
    },
    ...{ proxyEnv: {}, signal: controller.signal, onEvent: (text) => void events.push(text) },
  });
  onTestFinished(async () => {
    controller.abort(new Error('over'));
    await kept.done.catch(() => undefined);
  });
  const until = (state: string) =>
    expect.poll(() => kept.report().state, { timeout: 20_000, interval: 50 }).toBe(state);
  return { ...kept, events, until };
};

describe.skipIf(noSshServer)(`${noSshServer}a public end that only the cluster reaches`, () => {
  test.for([
    ['has no route from here', [`unreachable`, onlyForPods], /this host has no route to 203\.0\.113\.9:8080/],
    ['is forbidden to this host', ['prohibit', onlyForPods], /this host has no route to 203\.0\.113\.9:8080/],
    ['gives this host no answer', 'via the server', /203\.0\.113\.9:8080 gives this host no answer/],
  ] as const)('that %s: open, not seen from here, and ssh stays', async ([, route, cause], { server }) => {
    await addRoute(...(typeof route === 'string' ? [onlyForPods, 'via', server.address] : route));
    const { report, events, until } = await keep(server, onlyForPods);
    await until('open');
    expect(report().detail).toMatch(cause);
    expect(report().hint).toMatch(/^fine if the cluster reaches it/);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(report()).toMatchObject({ state: 'open', restarts: 0 });
    expect(events.filter((text) => text.includes('open, not seen from here'))).toHaveLength(1);
  });

  test('whose name only the cluster knows', async ({ server }) => {
    const { report, until } = await keep(server, 'bastion.cluster.invalid');
    await until('open');
    expect(report().detail).toBe('sshd listens, but no address is known here for bastion.cluster.invalid');
  });

  test('ssh says itself when the connection is lost; it is opened again at the same port', async ({ server }) => {
    await addRoute('unreachable', onlyForPods);
    const { report, until } = await keep(server, onlyForPods);
    await until('open');
    await server.network.setLink('down');
    await until('backoff');
    expect(report().failure?.detail).toMatch(/Timeout, server \S+ not responding/);
    await server.network.setLink('up');
    await until('open');
    expect(report()).toMatchObject({ address: { host: onlyForPods, port: 8080 } });
    expect(report().failure).toBeUndefined();
  });

  test('that this host reaches later is up', async ({ server }) => {
    await addRoute('unreachable', onlyForPods);
    const { until } = await keep(server, onlyForPods);
    await until('open');
    await execaRunner(['ip', 'route', 'del', 'unreachable', onlyForPods]);
    await execaRunner(server.network.inside(['ip', 'address', 'add', `${onlyForPods}/32`, 'dev', 'lo']));
    await addRoute(onlyForPods, 'via', server.address);
    await until('up');
  });
});
