import { chmod, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ensureFolderOf, findStat, nearestThere, type Owner } from '../lib/files.ts';
import { isOpenToAll } from '../lib/trust/users.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The user who called sudo; undefined without sudo, or where this process is not root's. */
export const findSudoCaller = ({ SUDO_UID, SUDO_GID }: Environment, uid = process.getuid?.()): Owner | undefined =>
  uid === 0 && SUDO_UID && SUDO_GID ? { uid: Number(SUDO_UID), gid: Number(SUDO_GID) } : undefined;

/**
 * The caller of sudo, if the state folder is in a folder of that user: then the files of an instance are the user's, and
 * so is its tunnel daemon. By `sudo -i` or `sudo npm run ...` HOME is root's, and the caller could not even reach them.
 */
export const findStateOwner = async (env: Environment, stateDir: string): Promise<Owner | undefined> => {
  const caller = findSudoCaller(env);
  if (!caller) return undefined;
  const above = await stat(await nearestThere(dirname(stateDir)));
  if (above.uid === caller.uid) return caller;
  return isOpenToAll(above) && (await findStat(stateDir))?.uid === caller.uid ? caller : undefined;
};

/** Ensures that the state folder is there and closed to other users, also where an earlier umask left it open. */
export const ensureStateFolder = async (env: Environment, stateDir: string): Promise<void> => {
  await ensureFolderOf(stateDir, await findStateOwner(env, stateDir));
  const { uid, mode } = await stat(stateDir);
  if (uid === process.geteuid?.() && (mode & 0o077) !== 0) await chmod(stateDir, 0o700);
};
