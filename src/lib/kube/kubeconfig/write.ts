import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode, messageOf, UserError } from '../../errors.ts';
import { findStat, findTextFile, nearestThere, replaceUserFile, targetOf } from '../../files.ts';
import { verifyRegular } from '../../trust/named-file.ts';
import type { Trusted } from '../../trust/users.ts';
import { parseKubeconfig } from './parse.ts';

const refusals = ['EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'ENOENT'];

/** Whether the system refuses to create or to write a file. */
export const isRefusal = (error: unknown): boolean => refusals.some((code) => hasCode(error, code));

const writeTroubles = [...refusals, 'EBUSY', 'EISDIR', 'ENOSPC', 'EDQUOT', 'EIO', 'ETXTBSY', 'ESTALE', 'ENAMETOOLONG'];

/** The system's refusal to write a kubeconfig as UserError `environment.kubeconfig-not-writable`; any other error stays. */
export const explainRefusal = (path: string, error: unknown): unknown =>
  error instanceof UserError || !writeTroubles.some((code) => hasCode(error, code))
    ? error
    : new UserError(`cannot write your kubeconfig ${path}: ${messageOf(error)}`, {
        id: 'environment.kubeconfig-not-writable',
        hint: 'set KUBECONFIG to a file that you may write, or do without --merge-kubeconfig: `taskgate env` needs none',
        cause: error,
      });

/** Over what is there, so that a full disk leaves the old text: its blocks are there already. */
const overwrite = async (path: string, text: string): Promise<void> => {
  const before = (await findTextFile(path)) ?? '';
  const file = await open(path, 'r+');
  const put = async (content: string): Promise<void> => {
    const bytes = Buffer.from(content);
    await file.write(bytes, 0, bytes.length, 0);
    await file.truncate(bytes.length);
    await file.sync();
  };
  try {
    await put(text).catch(async (error: unknown) => {
      await put(before);
      throw error;
    });
  } finally {
    await file.close();
  }
};

/** A file that is a mount of its own cannot be replaced, nor one in a folder that takes no new file. */
const isNotReplaceable = (error: unknown): boolean => hasCode(error, 'EBUSY') || isRefusal(error);

/**
 * Writes a kubeconfig by rename, with a backup before the first change; in its place where it cannot be replaced, as
 * kubectl writes it. Throws what the system says.
 */
export const writeKubeconfig = async (target: string, text: string): Promise<void> => {
  try {
    await replaceUserFile(target, text, { mode: 0o600, backups: 'first' });
  } catch (error) {
    if (!isNotReplaceable(error) || !(await findStat(target))) throw error;
    await overwrite(target, text);
  }
};

const verifyAccess = async (target: string): Promise<void> => {
  const mayWrite = (path: string): Promise<void> => access(path, constants.W_OK);
  if (!(await findStat(target))) {
    const folder = await nearestThere(dirname(target));
    if (!(await stat(folder)).isDirectory())
      throw Object.assign(new Error(`${folder} is no folder`), { code: 'ENOTDIR' });
    return mayWrite(folder);
  }
  await mayWrite(target).catch(async (error: unknown) => {
    // a file that its owner may not write can be replaced; one on a read-only file system cannot
    if (hasCode(error, 'EROFS')) throw error;
    await mayWrite(dirname(target));
  });
};

/** kubectl holds its lock for milliseconds. */
const staleMs = 10_000;

const verifyNoStaleLock = async (target: string): Promise<void> => {
  const lock = `${target}.lock`;
  const found = await findStat(lock);
  const ageMs = found ? Date.now() - found.mtimeMs : 0;
  if (ageMs < staleMs) return;
  throw new UserError(`${lock} is there since ${Math.round(ageMs / 1_000)} s: another program locks your kubeconfig`, {
    id: 'environment.kubeconfig-locked',
    hint: `if nothing writes it, remove ${lock}`,
  });
};

/**
 * Whether entries could be added to the user's kubeconfig; changes nothing. Throws UserError
 * `environment.kubeconfig-not-writable`, `environment.kubeconfig-locked`, `usage.kubeconfig` and `usage.output`.
 */
export const verifyKubeconfig = async (path: string, trusted: Trusted): Promise<void> => {
  await verifyRegular(path, trusted);
  try {
    const target = await targetOf(path);
    await verifyAccess(target);
    await verifyNoStaleLock(target);
    parseKubeconfig((await findTextFile(target)) ?? '', path, 'repair it, or set KUBECONFIG to another one');
  } catch (error) {
    throw explainRefusal(path, error);
  }
};
