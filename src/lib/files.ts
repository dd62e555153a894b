import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, lchown, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasCode } from './errors.ts';

/** Turns the error of a missing file into undefined. */
export const ignoreAbsence = (error: unknown): undefined => {
  if (!hasCode(error, 'ENOENT')) throw error;
};

export type Owner = { readonly uid: number; readonly gid: number };

/** What `stat` says of a file, or undefined if there is none. */
export const findStat = (path: string) => stat(path).catch(ignoreAbsence);

/** The owner of a file; for a missing file, the owner of its nearest existing folder. */
const ownerOf = async (path: string): Promise<Owner> => (await findStat(path)) ?? ownerOf(dirname(path));

/** Gives files to their user where this is root; other users' files are their own already. */
export const giveTo = async ({ uid, gid }: Owner, ...paths: readonly string[]): Promise<void> => {
  if (process.getuid?.() !== 0) return;
  // lchown: the folder may be the user's, and a link in it could name anything
  for (const path of paths) await lchown(path, uid, gid);
};

type Attributes = { readonly mode: number; readonly owner?: Owner };

/**
 * Not write-file-atomic 8: it does not set the owner of a file that root creates for a user, keeps no backup, handles
 * SIGTERM and SIGINT (signal-exit), and needs Node.js 22.22.2 or 24.15.
 */
const writeByRename = async (path: string, text: string | Buffer, { mode, owner }: Attributes): Promise<void> => {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const file = await open(draft, 'wx', mode);
    try {
      if (owner) {
        await giveTo(owner, draft);
        await file.chmod(mode); // the umask may have removed bits
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

/** Writes a file by rename, so that readers see the old or the new text, never a part. Creates its folder (0700). */
export const writeFileAtomically = async (path: string, text: string | Buffer, mode = 0o600): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeByRename(path, text, { mode });
};

/** Resolves links, so that writing a file does not replace a link to it. */
export const targetOf = async (path: string): Promise<string> => (await realpath(path).catch(ignoreAbsence)) ?? path;

const unresolvable = ['EACCES', 'ELOOP', 'ENOTDIR'];

/**
 * A path with every link in it resolved, as the kernel will see it; what does not exist yet is kept as it is named. So is
 * a path that cannot be resolved: the first use of it reports why.
 */
export const realPathOf = async (path: string): Promise<string> => {
  try {
    return await realpath(path);
  } catch (error) {
    if (unresolvable.some((code) => hasCode(error, code))) return path;
    ignoreAbsence(error);
    return join(await realPathOf(dirname(path)), basename(path));
  }
};

/** Creates a folder (0700) that belongs to the user, even if root creates it. */
export const ensureUserFolder = async (path: string): Promise<void> => {
  const owner = await ownerOf(path);
  const made = await mkdir(path, { recursive: true, mode: 0o700 });
  if (made) await giveTo(owner, made, path);
};

/**
 * Writes a user's file by rename. Keeps its owner, even if root writes it, and its mode unless one is given; follows links.
 * Keeps the previous content in a backup (`.taskgate-backup`) unless it was empty. Resolves with the path of the backup, if
 * there is one.
 */
export const replaceUserFile = async (path: string, text: string, mode?: number): Promise<string | undefined> => {
  const target = await targetOf(path);
  const backup = `${target}.taskgate-backup`;
  const owner = await ownerOf(target);
  const before = await findStat(target);
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

/** Whether a path exists; a dangling link does not. */
export const isThere = async (path: string): Promise<boolean> => (await findStat(path)) !== undefined;
