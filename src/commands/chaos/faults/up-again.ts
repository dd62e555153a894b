// Tested in test/e2e/chaos.test.ts
import { tunnelDaemonsOf } from '../../../daemon/find.ts';
import { childrenOf, isRunning } from '../../../lib/process/processes.ts';
import { polling, waitUntil } from '../../../lib/wait.ts';
import type { Fault } from './fault.ts';
import { nodePids, programOf, type ReadInstance } from './node-process.ts';
import { type FindPid, killProcess } from './processes.ts';

/** Runs `up` for the instance as a user would. */
export type UpAgain = () => Promise<unknown>;

const findSupervisor =
  (read: ReadInstance): FindPid =>
  async () => {
    const supervisor = (await read()).record().journal.findLast((one) => one.kind === 'keeper')?.process;
    return supervisor && (await isRunning(supervisor)) ? supervisor.pid : undefined;
  };

export const findDaemon =
  (read: ReadInstance): FindPid =>
  async () => {
    const daemon = tunnelDaemonsOf((await read()).record()).at(-1)?.process;
    return daemon && (await isRunning(daemon)) ? daemon.pid : undefined;
  };

/** The tunnel's ssh, which the tunnel daemon has started. */
export const findSsh =
  (read: ReadInstance): FindPid =>
  async () => {
    const daemon = await findDaemon(read)();
    const children = daemon === undefined ? [] : await childrenOf(daemon).catch(() => []);
    for (const pid of children) if ((await programOf(pid)) === 'ssh') return pid;
    return undefined;
  };

/** The supervisor is killed, and the whole node is seen to end with it. */
export const killSupervisor = (read: ReadInstance, again: UpAgain): Fault => ({
  inject: async () => {
    const broken = await killProcess('the supervisor', findSupervisor(read)).inject();
    const isEmpty = (pids: readonly number[]) => pids.length === 0 || `${pids.length} processes of the node still run`;
    const look = polling(() => nodePids(read), 20);
    await waitUntil('End of the node', look, isEmpty, { timeoutMs: 15_000, id: 'proof.not-injected' });
    return { ...broken, seen: `${broken.seen}, and the node with it`, repair: async () => void (await again()) };
  },
});

/** The tunnel daemon is killed. */
export const killDaemon = (read: ReadInstance, again: UpAgain): Fault => ({
  inject: async () => ({
    ...(await killProcess('the tunnel daemon', findDaemon(read)).inject()),
    repair: async () => void (await again()),
  }),
});
