import { mkdir, readFile } from 'node:fs/promises';
import { instancePaths } from '../instance/paths.ts';
import type { DriverSpec, TunnelDaemonSpec } from '../instance/tunnels.ts';
import { messageOf } from '../lib/errors.ts';
import { execaRunner } from '../lib/process/runner.ts';
import { spawnTethered } from '../lib/process/tethered.ts';
import { untilAborted } from '../lib/wait.ts';
import type { ForwardStatus, TunnelDaemonStatus, TunnelStatus } from '../model/tunnel-status.ts';
import { readOrders, tellStarter } from '../supervisor/handshake.ts';
import { serveStatus } from '../supervisor/status-socket.ts';
import { ngrokTunnel } from '../tunnel/ngrok/ngrok.ts';
import { sshTunnel } from '../tunnel/ssh/ssh.ts';
import type { TunnelDriver } from '../tunnel/tunnel.ts';
import { openTunnelJournal, type TunnelJournal } from './journal.ts';
import { keepTunnel } from './keep-tunnel.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const makeDriver = (spec: DriverSpec, folder: string, { env, journal }: Kept): TunnelDriver => {
  const tools = { runner: execaRunner, spawn: spawnTethered, env, folder };
  if (spec.kind === 'ngrok') return ngrokTunnel(spec.settings, tools);
  return sshTunnel(spec.settings, {
    ...tools,
    onLine: (line) => journal.log(`ssh: ${line}`),
    onDetail: (detail) => journal.note(`ssh: ${detail}`),
  });
};

type Kept = { readonly env: Environment; readonly signal: AbortSignal; readonly journal: TunnelJournal };

/** The starter knows the states of a native node's processes. */
const tellState = (name: 'tunnel' | 'forward', { state, detail }: TunnelStatus | ForwardStatus): void => {
  const known = state === 'up' ? 'ready' : state === 'backoff' ? 'backoff' : 'starting';
  tellStarter({ event: 'child', name, state: known, ...(detail && { detail }) });
};

const startTunnel = async ({ tunnel, folder }: TunnelDaemonSpec, kept: Kept) => {
  if (!tunnel) return undefined;
  return keepTunnel({
    driver: makeDriver(tunnel.driver, folder, kept),
    spec: tunnel,
    proxyEnv: kept.env,
    signal: kept.signal,
    onEvent: kept.journal.note,
    onState: (status) => tellState('tunnel', status),
  });
};

const startForwards = async ({ forward }: TunnelDaemonSpec, { signal, journal }: Kept) => {
  if (!forward) return undefined;
  // the Kubernetes client takes time and memory that a tunnel alone does not need
  const { keepForwards } = await import('../forward/forward.ts');
  let status: ForwardStatus = { state: 'starting', listeners: [], connections: 0 };
  const onState = (next: ForwardStatus): void => {
    const isNews = next.state !== status.state || next.detail !== status.detail;
    status = next;
    if (!isNews) return;
    journal.note(`forwards on ${forward.address} ${next.state}${next.detail ? `: ${next.detail}` : ''}`);
    tellState('forward', next);
  };
  return { status: () => status, done: keepForwards(forward, { signal, onState }) };
};

const readSpec = async (path: string): Promise<TunnelDaemonSpec> =>
  JSON.parse(await readFile(path, 'utf8')) as TunnelDaemonSpec;

/** Ends in an orderly way at SIGTERM; SIGHUP says that the spec has another time at which the tunnel closes. */
const listenForSignals = () => {
  const ending = new AbortController();
  let reload = (): void => undefined;
  process.on('SIGHUP', () => reload());
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => ending.abort(new Error(`ended by ${name}`)));
  }
  const onReload = (work: () => Promise<void>): void => {
    reload = () => void work();
  };
  return { signal: ending.signal, onReload };
};

/**
 * The background process of an instance's tunnels and forwards. Reads its spec, says `furnished`, waits for `go`, then
 * keeps them until SIGTERM. Throws when stdin ends before `detach` was read: then the starter died, and all that was
 * started ends with this process.
 */
export const keepTunnels = async (specPath: string, env: Environment): Promise<void> => {
  const startedAt = performance.now();
  const orders = readOrders();
  const { signal, onReload } = listenForSignals();
  const spec = await readSpec(specPath);
  await mkdir(spec.logsDir, { recursive: true, mode: 0o700 });
  const journal = openTunnelJournal(instancePaths(spec.folder).tunnelLogPath);
  tellStarter({ event: 'furnished' });
  await Promise.race([orders.go, orders.starterDied]);
  const kept: Kept = { env, signal, journal };
  const tunnel = await startTunnel(spec, kept);
  const forward = await startForwards(spec, kept);
  onReload(async () => {
    try {
      const until = (await readSpec(specPath)).tunnel?.until;
      tunnel?.setUntil(until);
      journal.note(`the tunnel closes by itself ${until ? `at ${until}` : 'no more'}`);
    } catch (error) {
      journal.note(`${specPath} cannot be read again: ${messageOf(error)}`);
    }
  });
  const status = (): TunnelDaemonStatus => ({
    instance: spec.instance,
    uptimeMs: Math.round(performance.now() - startedAt),
    ...(tunnel && { tunnel: tunnel.report() }),
    ...(forward && { forward: forward.status() }),
    events: journal.events(),
  });
  await serveStatus(spec.socketPath, status);
  const all = Promise.all([tunnel?.done, forward?.done, untilAborted(signal)]);
  await Promise.race([all, orders.starterDied]).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  await Promise.allSettled([tunnel?.done, forward?.done]);
};
