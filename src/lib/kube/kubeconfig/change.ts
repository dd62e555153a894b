import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from '../../errors.ts';
import { ensureUserFolder, findTextFile, targetOf } from '../../files.ts';
import { verifyRegular } from '../../trust/named-file.ts';
import type { Trusted } from '../../trust/users.ts';
import { polling, waitUntil } from '../../wait.ts';
import { explainRefusal, isRefusal, writeKubeconfig } from './write.ts';

type Lock = 'taken' | 'held' | 'impossible';

/**
 * kubectl's own lock: a file of this name exists during a write. Where the folder takes no new file (one that is mounted as
 * a single file), nobody can lock it, kubectl neither.
 */
const takeLock = async (path: string): Promise<Lock> => {
  try {
    await (await open(path, 'wx', 0o600)).close();
    return 'taken';
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return 'held';
    if (isRefusal(error)) return 'impossible';
    throw error;
  }
};

const lockTimeoutMs = 10_000;

type Change = { readonly signal: AbortSignal; readonly trusted: Trusted; readonly timeoutMs?: number };

type Edit = (text: string) => string;

const applyLocked = async (target: string, edit: Edit): Promise<void> => {
  const before = (await findTextFile(target)) ?? '';
  const after = edit(before);
  if (after !== before) await writeKubeconfig(target, after);
};

const waitForLock = async (path: string, lock: string, { signal, timeoutMs = lockTimeoutMs }: Change) => {
  const taking = polling(() => takeLock(lock), 50);
  const hint = `if nothing writes it, remove ${lock}`;
  const options = { timeoutMs, signal, id: 'environment.kubeconfig-locked', hint } as const;
  return waitUntil(`Lock of ${path}`, taking, (state) => state !== 'held' || `${lock} is there`, options);
};

/**
 * Changes the user's kubeconfig under kubectl's own lock, and keeps a backup of what the user had before the first change
 * (`.taskgate-backup`) where the folder takes one. The owner stays the same, even if root changes it. Where nothing is to
 * be changed, nothing is written, locked or created.
 *
 * Throws UserError `environment.kubeconfig-locked`, `environment.kubeconfig-not-writable`, `usage.output` for a device such
 * as /dev/null, and what `edit` throws.
 */
export const changeKubeconfig = async (path: string, edit: Edit, change: Change): Promise<void> => {
  await verifyRegular(path, change.trusted);
  const target = await targetOf(path);
  const now = (await findTextFile(target)) ?? '';
  if (edit(now) === now) return;
  await ensureUserFolder(dirname(target)).catch((error: unknown) => {
    throw explainRefusal(path, error);
  });
  const lock = `${target}.lock`;
  const state = await waitForLock(path, lock, change);
  try {
    await applyLocked(target, edit);
  } catch (error) {
    throw explainRefusal(path, error);
  } finally {
    if (state === 'taken') await rm(lock, { force: true });
  }
};
