import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTunnelStatus } from '../../../../src/daemon/find.ts';
import type { TunnelDaemonSpec } from '../../../../src/instance/tunnels.ts';
import { spawnTethered } from '../../../../src/lib/process/tethered.ts';
import { polling, waitUntil } from '../../../../src/lib/wait.ts';
import type { HostPort } from '../../../../src/proof/probe/dial.ts';
import { launchDaemon } from '../../../../src/supervisor/launch.ts';
import { startEcho } from '../../../testbed/echo.ts';
import { hostAlias, type SshServer, startSshServer } from '../../../testbed/sshd.ts';
import type { BenchContext } from '../../context.ts';
import { exchange } from './load.ts';

const daemonProgram = join(import.meta.dirname, '..', '..', '..', 'tunnel-daemon.ts');
const ports = { taskgate: 8080, plain: 8081 } as const;

/** Two tunnels from one sshd to one echo: taskgate's with its daemon and relay, and plain `ssh -R -N`. */
export type Tunnels = {
  readonly server: SshServer;
  readonly taskgate: HostPort;
  readonly plain: HostPort;
  readonly daemonPid: number;
  readonly close: () => Promise<void>;
};

const specOf = (server: SshServer, folder: string, echoPort: number): TunnelDaemonSpec => ({
  instance: 'bench',
  socketPath: join(folder, 'tunnel.sock'),
  folder,
  logsDir: join(folder, 'logs'),
  tunnel: {
    driver: {
      kind: 'ssh',
      settings: {
        ...{ host: hostAlias, configFile: server.clientConfig, program: 'ssh', remotePort: ports.taskgate },
        ...{ bindAddress: '0.0.0.0', hostKeyPolicy: 'accept-new', serverAliveInterval: 60, serverAliveCountMax: 10 },
      },
    },
    master: { host: '127.0.0.1', port: echoPort },
    secret: 'bench',
  },
});

const startDaemon = async (spec: TunnelDaemonSpec, signal: AbortSignal): Promise<number> => {
  await mkdir(spec.logsDir, { recursive: true });
  const specPath = join(spec.folder, 'tunnels.json');
  await writeFile(specPath, JSON.stringify(spec));
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
  const daemon = launchDaemon([process.execPath, daemonProgram, specPath], {
    ...{ logPath: join(spec.folder, 'keeper.log'), logsDir: spec.logsDir, env, signal, timeoutMs: 30_000 },
  });
  await daemon.untilSetUp();
  daemon.go();
  await waitUntil(
    'The tunnel',
    polling(() => findTunnelStatus(spec.folder), 20),
    (status) => status?.tunnel?.state === 'up' || 'not up',
    { timeoutMs: 30_000, id: 'tunnel.bench', signal },
  );
  return daemon.pid ?? daemon.ended;
};

const startPlain = ({ clientConfig }: SshServer, echoPort: number, signal: AbortSignal) => {
  const options = ['-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=accept-new'];
  const forward = `0.0.0.0:${ports.plain}:127.0.0.1:${echoPort}`;
  return spawnTethered(['ssh', '-N', '-F', clientConfig, ...options, '-R', forward, hostAlias], { signal });
};

const untilOpen = (target: HostPort, signal: AbortSignal) =>
  waitUntil(
    'plain ssh',
    polling(() => exchange(target, 500), 50),
    (isBack) => isBack || 'no answer',
    { timeoutMs: 10_000, id: 'tunnel.bench', signal },
  );

/** Starts both; needs root and openssh-server. They end with the signal, or by `close`. */
export const startTunnels = async ({ signal }: Pick<BenchContext, 'signal'>): Promise<Tunnels> => {
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  const [server, echo] = [await startSshServer(), await startEcho()];
  const folder = await mkdtemp(join(tmpdir(), 'tg-bench-ssh-'));
  const close = async () => {
    ending.abort();
    echo.close();
    await server.remove();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const daemonPid = await startDaemon(specOf(server, folder, echo.port), either);
    startPlain(server, echo.port, either);
    const [taskgate, plain] = [ports.taskgate, ports.plain].map((port) => ({ host: server.address, port })) as [
      HostPort,
      HostPort,
    ];
    await untilOpen(plain, either);
    return { server, taskgate, plain, daemonPid, close };
  } catch (error) {
    await close();
    throw error;
  }
};
