import { setTimeout as pause } from 'node:timers/promises';
import { childrenOf } from '../../../../src/lib/process/processes.ts';
import { polling, waitUntil } from '../../../../src/lib/wait.ts';
import type { BenchContext } from '../../context.ts';
import { exchange } from './load.ts';
import type { Tunnels } from './tunnels.ts';

export type FaultName = 'ssh killed' | 'sshd restarted' | 'sshd down' | 'link down';

/** From when the way was free again until a new connection went through the tunnel and back, for each round. */
export type Recoveries = Readonly<Record<FaultName, readonly number[]>>;

type Fault = (tunnels: Tunnels, downMs: number) => Promise<unknown>;

const faults: Readonly<Record<FaultName, Fault>> = {
  'ssh killed': async ({ daemonPid }) => {
    for (const pid of await childrenOf(daemonPid)) process.kill(pid, 'SIGKILL');
  },
  'sshd restarted': ({ server }) => server.start(),
  'sshd down': async ({ server }, downMs) => {
    await server.kill();
    await pause(downMs);
    await server.start();
  },
  'link down': async ({ server }, downMs) => {
    await server.network.setLink('down');
    await pause(downMs);
    await server.network.setLink('up');
  },
};

const dialMs = 500;

const timeRecovery = async ({ taskgate }: Tunnels, signal: AbortSignal): Promise<number> => {
  const startMs = performance.now();
  await waitUntil(
    'the tunnel',
    polling(() => exchange(taskgate, dialMs), 20),
    (isBack) => isBack || 'no answer',
    { timeoutMs: 120_000, id: 'tunnel.bench', signal },
  );
  return performance.now() - startMs;
};

/** Breaks taskgate's tunnel in each way, several times. */
export const measureRecoveries = async (
  tunnels: Tunnels,
  { quick, signal, say }: Pick<BenchContext, 'quick' | 'signal' | 'say'>,
): Promise<Recoveries> => {
  const recoveries: Record<FaultName, number[]> = {
    'ssh killed': [],
    'sshd restarted': [],
    'sshd down': [],
    'link down': [],
  };
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const name of Object.keys(faults) as FaultName[]) {
      await faults[name](tunnels, quick ? 5_000 : 30_000);
      const ms = await timeRecovery(tunnels, signal);
      say(`${name}: back after ${Math.round(ms)} ms`);
      recoveries[name].push(ms);
      await pause(1_000, undefined, { signal }); // the next fault is to meet a tunnel that is up
    }
  }
  return recoveries;
};
