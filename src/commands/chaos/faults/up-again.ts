import { tunnelDaemonsOf } from '../../../daemon/find.ts';
import { UserError } from '../../../lib/errors.ts';
import { childrenOf, isRunning } from '../../../lib/process/processes.ts';
import type { Command } from '../../../lib/process/runner.ts';
import { spawnTethered } from '../../../lib/process/tethered.ts';
import { polling, waitUntil } from '../../../lib/wait.ts';
import type { Fault } from './fault.ts';
import { nodePids, programOf, type ReadInstance } from './node-process.ts';
import { type FindPid, killProcess } from './processes.ts';

/** Runs `up` for the instance as a user would. */
export type UpAgain = () => Promise<void>;

/**
 * Runs `up` in a session of its own and without the signal of this run: a Ctrl-C while what is broken is repaired must not
 * leave it broken. It ends with this process, thus by a second Ctrl-C. Throws UserError `proof.not-recovered`.
 */
export const upAgain =
  (up: Command): UpAgain =>
  async () => {
    const how = await spawnTethered(up).ended;
    if (/^exited with 0(:|$)/.test(how)) return;
    throw new UserError(`the up that repairs it ${how}`, { id: 'proof.not-recovered', hint: `run: ${up.join(' ')}` });
  };

/** Kills a process whose work only the next `up` does again, which is due once it may have been killed, seen or not. */
const killUntilUp = (what: string, find: FindPid, again: UpAgain): Fault & Required<Pick<Fault, 'repair'>> => {
  let isFound = false;
  const findOnce: FindPid = async () => {
    const pid = await find();
    isFound ||= pid !== undefined;
    return pid;
  };
  const repair = async () => {
    if (isFound) await again();
  };
  return { ...killProcess(what, findOnce), repair };
};

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
export const killSupervisor = (read: ReadInstance, again: UpAgain): Fault => {
  const fault = killUntilUp('the supervisor', findSupervisor(read), again);
  const inject = async () => {
    const broken = await fault.inject();
    const isEmpty = (pids: readonly number[]) => pids.length === 0 || `${pids.length} processes of the node still run`;
    const look = polling(() => nodePids(read), 20);
    await waitUntil('End of the node', look, isEmpty, { timeoutMs: 15_000, id: 'proof.not-injected' });
    return { ...broken, seen: `${broken.seen}, and the node with it` };
  };
  return { ...fault, inject };
};

/** The tunnel daemon is killed. */
export const killDaemon = (read: ReadInstance, again: UpAgain): Fault =>
  killUntilUp('the tunnel daemon', findDaemon(read), again);
