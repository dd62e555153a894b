import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { hasCode } from '../errors.ts';

/** Identifies a process for longer than it runs: pids are reused. */
export type ProcessIdentity = {
  readonly pid: number;
  /** Clock ticks after boot, field 22 of /proc/PID/stat (proc(5)); without /proc its start time in milliseconds. */
  readonly startTicks: number;
  /** Pids and ticks repeat after a reboot. */
  readonly bootId: string;
};

/** Whether two identities are of one process. */
export const isSameProcess = (a: ProcessIdentity, b: ProcessIdentity): boolean =>
  a.pid === b.pid && a.startTicks === b.startTicks && a.bootId === b.bootId;

const isGone = (error: unknown): boolean => hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH');

/** A process's start time from POSIX ps, in whole seconds, for systems without /proc (macOS). */
export const findStartByPs = async (pid: number): Promise<number | undefined> => {
  const asked = promisify(execFile)('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { env: { LC_ALL: 'C', PATH } });
  // it exits with 1 if there is no such process
  const { stdout } = await asked.catch((error) => {
    if (error.code === 1) return { stdout: '' };
    throw error;
  });
  const [state = '', ...started] = stdout.trim().split(/\s+/);
  return state === '' || state.startsWith('Z') ? undefined : Date.parse(started.join(' '));
};

const PATH = '/usr/bin:/bin';
const hasProc = process.platform === 'linux';

/** Whether there is a process with this pid, of whatever user. */
export const hasProcess = (pid: number): boolean => {
  // 0 and below are groups to kill(2)
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false;
    if (hasCode(error, 'EPERM')) return true;
    throw error;
  }
};

/**
 * Start time of a process in clock ticks after boot; undefined if it does not exist or is a zombie. `hidden`: it exists,
 * but a /proc that is mounted with hidepid (proc(5)) does not show it to this user.
 */
const findStartTicks = async (pid: number): Promise<number | 'hidden' | undefined> => {
  if (!hasProc) return findStartByPs(pid);
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : Number(fields[18]);
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].some((code) => hasCode(error, code))) {
      return hasProcess(pid) ? 'hidden' : undefined;
    }
    throw error;
  }
};

/** Differs after each reboot; without /proc, start times are calendar times, which do not repeat after one. */
export const readBootId = async (): Promise<string> =>
  hasProc ? (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim() : process.platform;

/** Identity of a running process; undefined if there is none that this user can see. */
export const findProcess = async (pid: number): Promise<ProcessIdentity | undefined> => {
  const startTicks = await findStartTicks(pid);
  return typeof startTicks === 'number' ? { pid, startTicks, bootId: await readBootId() } : undefined;
};

/** Whether this process still runs. One that is hidden from this user counts as the same: its start time is unknown. */
export const isRunning = async (identity: ProcessIdentity): Promise<boolean> => {
  const { pid } = identity;
  const found = await findStartTicks(pid);
  if (found === undefined) return false;
  const startTicks = found === 'hidden' ? identity.startTicks : found;
  return isSameProcess({ pid, startTicks, bootId: await readBootId() }, identity);
};

/** Sends a signal to this process; false if it no longer runs. */
export const signalProcess = async (identity: ProcessIdentity, signal: NodeJS.Signals): Promise<boolean> => {
  if (!(await isRunning(identity))) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
};

/** Pids of the direct children of a process, as /proc lists them. */
export const childrenOf = async (pid: number): Promise<readonly number[]> => {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
};
