import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import { makeTunnelSpec } from '../../src/daemon/spec.ts';

import type { WantedTunnels } from '../../src/daemon/wanted.ts';
import type { Instance } from '../../src/instance/instance.ts';
import { instancePaths } from '../../src/instance/paths.ts';
import { findProcess } from '../../src/lib/process/processes.ts';
import type { PublicAddress } from '../../src/model/master-endpoint.ts';
import type { TunnelDaemonStatus } from '../../src/model/tunnel-status.ts';

const statusOf = (kept: WantedTunnels, address: PublicAddress): TunnelDaemonStatus => {
  const since = '2026-01-01T00:00:00.000Z';
  const { tunnel, forward } = kept;
  return {
    ...{ instance: 'dev', uptimeMs: 1, events: [] },
    ...(forward && { forward: { state: 'up', listeners: [], connections: 0 } }),
    ...(tunnel && {
      tunnel: {
        ...{ kind: tunnel.driver.kind, target: 'a host', state: 'up', since, restarts: 0, connections: 0 },
        ...{ master: tunnel.master, address },
      },
    }),
  };
};

/**
 * The tunnel daemon of an earlier `up`: a process that does nothing, and a socket that reports everything as up.
 */
export const fakeTunnelDaemon = async (
  instance: Instance,
  kept: WantedTunnels,
  address: PublicAddress = { scheme: 'http', host: 'jump.example', port: 4000 },
) => {
  const { tunnelSpecPath: specPath, tunnelSocketPath: socketPath } = instancePaths(instance.dir);
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  onTestFinished(() => void child.kill());
  const process = child.pid === undefined ? undefined : await findProcess(child.pid);
  if (!process) throw new Error('sleep(1) did not start');
  await writeFile(specPath, JSON.stringify(makeTunnelSpec(instance, kept, { last: undefined, now: Date.now() })));
  const server = createServer((socket) => socket.end(`${JSON.stringify(statusOf(kept, address))}\n`));
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  onTestFinished(() => void server.close());
  await instance.journal({ kind: 'tunnels', process });
  return { ended };
};
