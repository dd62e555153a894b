// Tested in test/process/chaos-faults.test.ts
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { UserError } from '../../../lib/errors.ts';
import { startGuard } from '../../../lib/process/guard.ts';
import { findProcess, isRunning, isSameProcess, type ProcessIdentity } from '../../../lib/process/processes.ts';
import { polling, type Verdict, waitUntil } from '../../../lib/wait.ts';
import type { Broken, Fault } from './fault.ts';

/** Finds the process that does a piece of work now. */
export type FindPid = () => Promise<number | undefined>;

const seenMs = 10_000;
const lookMs = 5;

export const notInjected = (what: string): UserError =>
  new UserError(`the fault was not injected: ${what}`, {
    id: 'proof.not-injected',
    hint: 'nothing is proven by it; see taskgate status, then try again',
  });

const findIdentity = async (find: FindPid, what: string): Promise<ProcessIdentity> => {
  const pid = await find();
  const identity = pid === undefined ? undefined : await findProcess(pid);
  if (!identity) throw notInjected(`there is no process of ${what}`);
  return identity;
};

/** `T` for a process that is stopped, as in proc(5). */
const stateOf = async (pid: number): Promise<string> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).slice(0, 1);
};

const untilSeen = <T>(what: string, look: () => Promise<T>, judge: (seen: T) => Verdict): Promise<T> =>
  waitUntil(what, polling(look, lookMs), judge, { timeoutMs: seenMs, id: 'proof.not-injected' });

/** Whether another process does the work of one that was ended. */
const isReplaced = async (find: FindPid, former: ProcessIdentity): Promise<Verdict> => {
  const pid = await find();
  const identity = pid === undefined ? undefined : await findProcess(pid);
  if (!identity) return 'it was not started again';
  return !isSameProcess(identity, former) || 'the former process is still there';
};

/** The process is killed and seen to be gone. */
export const killProcess = (what: string, find: FindPid): Fault => ({
  inject: async (): Promise<Broken> => {
    const former = await findIdentity(find, what);
    process.kill(former.pid, 'SIGKILL');
    await untilSeen(
      `End of ${what}`,
      () => isRunning(former),
      (runs) => !runs || `process ${former.pid} still runs`,
    );
    return { seen: `process ${former.pid} of ${what} is gone`, isBack: () => isReplaced(find, former) };
  },
});

/** A SIGCONT that comes from a guard, so that nothing stays frozen when this process ends; one that is gone needs none. */
const thawCommand = (pid: number) =>
  ['/bin/sh', '-c', 'kill -CONT "$1" || ! kill -0 "$1"', 'thaw', String(pid)] as const;

/** The process is stopped, and seen to be stopped at the beginning and at the end, unless something has ended it. */
export const freezeProcess = (what: string, find: FindPid): Fault => ({
  inject: async (): Promise<Broken> => {
    const frozen = await findIdentity(find, what);
    const guard = await startGuard(thawCommand(frozen.pid));
    try {
      process.kill(frozen.pid, 'SIGSTOP');
      await untilSeen(
        `Stop of ${what}`,
        () => stateOf(frozen.pid),
        (state) => state === 'T' || `state ${state}`,
      );
    } catch (error) {
      await guard.release();
      throw error;
    }
    return {
      seen: `process ${frozen.pid} of ${what} is stopped`,
      lift: async () => {
        const state = await stateOf(frozen.pid);
        const runs = await isRunning(frozen);
        await guard.release();
        if (runs && state !== 'T') throw notInjected(`process ${frozen.pid} of ${what} went on by itself`);
      },
      isBack: async () => {
        if ((await isRunning(frozen)) && (await stateOf(frozen.pid)) === 'T') return 'it is still stopped';
        return (await find()) !== undefined || 'it is gone';
      },
    };
  },
});

/** For faults that last. Ends early by the reason of an abort. */
export const last = (ms: number, signal: AbortSignal): Promise<void> => pause(ms, undefined, { signal });
