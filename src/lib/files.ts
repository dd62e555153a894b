import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, lchown, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from './errors.ts';

/** For what may not be there. */
const ignoreAbsence = (error: unknown): undefined => {
  if (!hasCode(error, 'ENOENT')) throw error;
};

type Owner = { readonly uid: number; readonly gid: number };

/** Whose a file is; of one that is not there, whose the folder is that it would be in. */
const ownerOf = async (path: string): Promise<Owner> =>
  (await stat(path).catch(ignoreAbsence)) ?? ownerOf(dirname(path));

/** Only root makes files that are not the user's. */
const giveTo = async ({ uid, gid }: Owner, ...paths: readonly string[]): Promise<void> => {
  if (process.getuid?.() !== 0) return;
  for (const path of paths) await lchown(path, uid, gid);
};

type Attributes = { readonly mode: number; readonly owner?: Owner };

/**
 * Own code, not write-file-atomic 8: that gives no owner to a file that root makes for a user, keeps no backup, listens for
 * SIGTERM and SIGINT by itself (signal-exit), and needs Node.js 22.22.2 or 24.15.
 */
const writeByRename = async (path: string, text: string | Buffer, { mode, owner }: Attributes): Promise<void> => {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const file = await open(draft, 'wx', mode);
    try {
      if (owner) {
        await giveTo(owner, draft);
        await file.chmod(mode); // what the umask took away
      }
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
};

/** Writes a file by rename, so that a reader sees the old text or the new one, never half. Creates its folder (0700). */
export const writeFileAtomically = async (path: string, text: string | Buffer, mode = 0o600): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeByRename(path, text, { mode });
};

/** What a path leads to: a link stays a link when its target is written. */
export const targetOf = async (path: string): Promise<string> => (await realpath(path).catch(ignoreAbsence)) ?? path;

/** Makes a folder of the user's (0700), who owns it also where root makes it. */
export const ensureUserFolder = async (path: string): Promise<void> => {
  const owner = await ownerOf(path);
  const made = await mkdir(path, { recursive: true, mode: 0o700 });
  if (made) await giveTo(owner, made, path);
};

/**
 * Writes a user's own file by rename. It stays its owner's, also where root writes it, and keeps its mode unless one is
 * given; a link stays a link. What it was is kept beside it (`.taskgate-backup`), unless it was empty. Resolves with the
 * path of that backup, if there is one.
 */
export const replaceUserFile = async (path: string, text: string, mode?: number): Promise<string | undefined> => {
  const target = await targetOf(path);
  const backup = `${target}.taskgate-backup`;
  const owner = await ownerOf(target);
  const before = await stat(target).catch(ignoreAbsence);
  const isWorthKeeping = before !== undefined && before.size > 0;
  if (isWorthKeeping) {
    await copyFile(target, backup);
    await giveTo(owner, backup);
  }
  await writeByRename(target, text, { owner, mode: mode ?? (before?.mode ?? 0o600) & 0o777 });
  return isWorthKeeping ? backup : undefined;
};

/** The text of a file, or undefined if there is none. */
export const findTextFile = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(ignoreAbsence);

/** Lower-case hex SHA-256 of a file, read as a stream. */
export const sha256OfFile = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
};

/** Lower-case hex SHA-256 of a text or buffer. */
export const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

/** Whether a path leads to something; a link to nothing does not. */
export const isThere = async (path: string): Promise<boolean> => (await stat(path).catch(ignoreAbsence)) !== undefined;
