import { randomBytes } from 'node:crypto';
import { link, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode, UserError } from '../errors.ts';
import { findTextFile } from '../files.ts';
import { findProcess, hasProcess, isRunning, type ProcessIdentity } from './processes.ts';

type LockOptions = {
  readonly signal: AbortSignal;
  /** Called once for each process that holds the lock. */
  readonly onWait: (pid: number) => void;
  readonly pollMs?: number;
};

/** Undefined for a lock of another version of taskgate, which counts as stale. */
const parseOwner = (text: string): ProcessIdentity | undefined => {
  const [, pid, startTicks, bootId] = /^(\d+) (\d+) (\S+)$/.exec(text) ?? [];
  return bootId ? { pid: Number(pid), startTicks: Number(startTicks), bootId } : undefined;
};

/** Creates the lock with its content atomically; false if it exists already. */
const tryTake = async (path: string, content: string): Promise<boolean> => {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    // root's lock names its process to a user, too; the folder is what keeps others out
    await writeFile(draft, content, { mode: 0o644 });
    await link(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
};

/**
 * Removes the lock of a process that no longer runs, under a second lock: a process that checks and removes without it may
 * remove the lock of the next owner.
 */
const removeStale = (path: string, staleText: string, options: LockOptions): Promise<void> =>
  withLock(`${path}.takeover`, { ...options, onWait: () => undefined }, async () => {
    if ((await findTextFile(path)) === staleText) await rm(path);
  });

const take = async (path: string, content: string, options: LockOptions): Promise<void> => {
  const { signal, onWait, pollMs = 250 } = options;
  let waitedFor: number | undefined;
  while (!(await tryTake(path, content))) {
    const text = await findTextFile(path);
    if (text === undefined) continue;
    const owner = parseOwner(text);
    if (owner && (await isRunning(owner))) {
      if (owner.pid !== waitedFor) onWait(owner.pid);
      waitedFor = owner.pid;
      await pause(pollMs);
      signal.throwIfAborted();
    } else {
      await removeStale(path, text, options);
    }
  }
};

/** Removes the drafts of processes that were killed before they could. */
const removeDrafts = async (path: string): Promise<void> => {
  const dir = dirname(path);
  for (const name of await readdir(dir)) {
    const pid = name.startsWith(`${basename(path)}.`) && /\.(\d+)\.[0-9a-f]{8}$/.exec(name)?.[1];
    if (pid && !hasProcess(Number(pid))) await rm(join(dir, name), { force: true });
  }
};

/** The process that holds a lock now. */
export const findLockHolder = async (path: string): Promise<ProcessIdentity | undefined> => {
  const owner = parseOwner((await findTextFile(path)) ?? '');
  return owner && (await isRunning(owner)) ? owner : undefined;
};

/** Does work in one process at a time. The lock of a process that no longer runs is taken over. */
export const withLock = async <T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> => {
  const self = await findProcess(process.pid);
  if (!self) {
    throw new UserError(`/proc shows no process ${process.pid}, so no lock can name its owner`, {
      id: 'environment.no-proc',
      hint: 'mount it: mount -t proc proc /proc',
    });
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await removeDrafts(path);
  await take(path, `${self.pid} ${self.startTicks} ${self.bootId}`, options);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
};
