import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from '../../errors.ts';
import { ensureUserFolder, findTextFile, replaceUserFile, targetOf } from '../../files.ts';
import { verifyRegular } from '../../trust/named-file.ts';
import type { Trusted } from '../../trust/users.ts';
import { polling, waitUntil } from '../../wait.ts';

/** kubectl's own lock: a file of this name exists during a write. */
const takeLock = async (path: string): Promise<boolean> => {
  try {
    await (await open(path, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
};

const lockTimeoutMs = 10_000;

type Change = { readonly signal: AbortSignal; readonly trusted: Trusted; readonly timeoutMs?: number };

/**
 * Changes the user's kubeconfig by rename, under kubectl's own lock, and keeps a backup of what the user had before the
 * first change (`.taskgate-backup`). The owner stays the same, even if root changes it. Without a change nothing is
 * written. Throws UserError `environment.kubeconfig-locked`, and `usage.output` for a device such as /dev/null.
 */
export const changeKubeconfig = async (
  path: string,
  edit: (text: string) => string,
  { signal, trusted, timeoutMs = lockTimeoutMs }: Change,
): Promise<void> => {
  await verifyRegular(path, trusted);
  const target = await targetOf(path);
  const lock = `${target}.lock`;
  await ensureUserFolder(dirname(target));
  const taking = polling(() => takeLock(lock), 50);
  const hint = `if nothing writes it, remove ${lock}`;
  const options = { timeoutMs, signal, id: 'environment.kubeconfig-locked', hint } as const;
  await waitUntil(`Lock of ${path}`, taking, (isTaken) => isTaken || `${lock} is there`, options);
  try {
    const before = (await findTextFile(target)) ?? '';
    const after = edit(before);
    if (after !== before) await replaceUserFile(target, after, { mode: 0o600, backups: 'first' });
  } finally {
    await rm(lock, { force: true });
  }
};
