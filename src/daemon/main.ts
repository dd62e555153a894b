import { mkdir, readFile } from 'node:fs/promises';
import { instancePaths } from '../instance/paths.ts';
import type { DriverSpec, TunnelDaemonSpec } from '../instance/tunnels.ts';
import { messageOf } from '../lib/errors.ts';
import { execaRunner } from '../lib/process/runner.ts';
import { spawnTethered } from '../lib/process/tethered.ts';
import { tightenUmask } from '../lib/process/umask.ts';
import { untilAborted } from '../lib/wait.ts';
import type { TunnelDaemonStatus } from '../model/tunnel-status.ts';
import { emit, readHandshake } from '../supervisor/handshake.ts';
import { endAfterBug } from '../supervisor/last-words.ts';
import { serveStatus } from '../supervisor/status-socket.ts';
import { ngrokTunnel } from '../tunnel/ngrok/ngrok.ts';
import { sshTunnel } from '../tunnel/ssh/ssh.ts';
import { openTunnelJournal, type TunnelJournal } from './journal.ts';
import { startForwards } from './keep-forwards.ts';
import { keepTunnel } from './keep-tunnel.ts';
import { deadlineOf } from './spec.ts';

type Environment = Readonly<Record<string, string | undefined>>;

type Tools = { readonly env: Environment; readonly signal: AbortSignal; readonly journal: TunnelJournal };

const driverOf = ({ kind, settings }: DriverSpec, folder: string, { env, journal }: Tools) => {
  const tools = { runner: execaRunner, spawn: spawnTethered, env, folder };
  if (kind === 'ngrok') return ngrokTunnel(settings, { ...tools, onOutput: (line) => journal.log(`ngrok: ${line}`) });
  const onLine = (line: string): void => journal.log(`ssh: ${line}`);
  return sshTunnel(settings, { ...tools, onLine, onDetail: (detail) => journal.note(`ssh: ${detail}`) });
};

const startTunnel = async ({ tunnel: spec, folder }: TunnelDaemonSpec, tools: Tools) => {
  const { env, signal, journal } = tools;
  const driver = spec && driverOf(spec.driver, folder, tools);
  return driver && keepTunnel({ driver, spec, proxyEnv: env, signal, onEvent: journal.note });
};

const readSpec = async (path: string): Promise<TunnelDaemonSpec> =>
  JSON.parse(await readFile(path, 'utf8')) as TunnelDaemonSpec;

/** SIGTERM and SIGINT end the daemon; SIGHUP makes it read the tunnel's time of expiry from the spec again. */
const listenForSignals = () => {
  const ending = new AbortController();
  let reload = (): void => undefined;
  process.on('SIGHUP', () => reload());
  for (const name of ['SIGTERM', 'SIGINT']) process.on(name, () => ending.abort(new Error(`ended by ${name}`)));
  const onReload = (work: () => Promise<void>): void => {
    reload = () => void work();
  };
  return { signal: ending.signal, end: (error: unknown) => ending.abort(error), onReload };
};

/** After an error that nothing caught; what it has started then dies with it. */
const longestEndMs = 4_000;

/**
 * The tunnel daemon of an instance. Reads its spec, reports that it is set up, waits for `go`, then runs the tunnel and
 * the forwards until SIGTERM. Throws when the starter dies before it detaches this process: then everything that was
 * started ends with it. Tested in test/process/tunnel-daemon.test.ts.
 */
export const runTunnelDaemon = async (specPath: string, env: Environment): Promise<void> => {
  // ssh's known_hosts and the socket too are this user's alone
  tightenUmask(0o077);
  const startedAt = performance.now();
  const handshake = readHandshake();
  const { signal, end, onReload } = listenForSignals();
  const spec = await readSpec(specPath);
  await mkdir(spec.logsDir, { recursive: true, mode: 0o700 });
  const journal = openTunnelJournal(instancePaths(spec.folder).tunnelLogPath);
  emit({ event: 'set-up' });
  await Promise.race([handshake.go, handshake.starterDied]);
  const ended = Promise.withResolvers<void>();
  endAfterBug((error) => {
    journal.note(`the tunnel daemon ends: a bug in taskgate: ${messageOf(error)}`);
    end(error);
    return ended.promise;
  }, longestEndMs);
  const tools: Tools = { env, signal, journal };
  const tunnel = await startTunnel(spec, tools);
  const forward = spec.forward && (await startForwards(spec.forward, tools));
  onReload(async () => {
    try {
      const next = await readSpec(specPath);
      tunnel?.setDeadline(next.tunnel && deadlineOf(next.tunnel));
      forward?.setDeadline(next.forward && deadlineOf(next.forward));
      const until = next.tunnel?.until ?? next.forward?.until;
      journal.note(until ? `the end is now at ${until}` : 'there is no longer an end');
    } catch (error) {
      journal.note(`cannot read ${specPath}: ${messageOf(error)}`);
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
  await Promise.race([all, handshake.starterDied]).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  await Promise.allSettled([tunnel?.done, forward?.done]);
  ended.resolve();
};
