import { randomBytes } from 'node:crypto';
import { link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode } from './errors.ts';
import { findTextFile } from './files.ts';
import { findProcess, isRunning, type ProcessIdentity } from './processes.ts';

type LockOptions = {
  readonly signal: AbortSignal;
  /** Told once for each other process that is waited for. */
  readonly onWait: (pid: number) => void;
  readonly pollMs?: number;
};

const parseOwner = (text: string | undefined): ProcessIdentity | undefined => {
  const [pid, startTicks] = (text ?? '').split(' ').map(Number);
  return pid && startTicks ? { pid, startTicks } : undefined;
};

const unique = (path: string) => `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;

/** Puts the lock there with its content in one step; false when there is one already. */
const tryTake = async (path: string, content: string): Promise<boolean> => {
  const draft = unique(path);
  await writeFile(draft, content);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
};

/** Removes a lock whose owner is gone, unless another process has replaced it in the meantime. */
const removeStale = async (path: string, staleText: string | undefined): Promise<void> => {
  const aside = unique(path);
  try {
    await rename(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  if ((await findTextFile(aside)) !== staleText) await link(aside, path);
  await rm(aside);
};

const take = async (path: string, content: string, { signal, onWait, pollMs = 250 }: LockOptions): Promise<void> => {
  let waitedFor: number | undefined;
  while (!(await tryTake(path, content))) {
    const text = await findTextFile(path);
    const owner = parseOwner(text);
    if (text !== undefined && !(owner && (await isRunning(owner)))) {
      await removeStale(path, text);
    } else if (owner) {
      if (owner.pid !== waitedFor) onWait(owner.pid);
      waitedFor = owner.pid;
      await pause(pollMs);
      signal.throwIfAborted();
    }
  }
};

/** Does work that one process at a time may do. A lock left by a process that is gone is taken over. */
export const withLock = async <T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> => {
  const self = await findProcess(process.pid);
  if (!self) throw new Error(`no process ${process.pid} in /proc`);
  await mkdir(dirname(path), { recursive: true });
  await take(path, `${self.pid} ${self.startTicks}`, options);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
};
