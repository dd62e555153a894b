import { constants, existsSync } from 'node:fs';
import { chown, lchown, lstat, open, readdir } from 'node:fs/promises';
import { hasCode } from '../errors.ts';
import { ignoreAbsence, type Owner } from '../files.ts';

/** The open files of this process, each a way to the file itself, whatever its name leads to by now: proc(5). */
const openFiles = '/proc/self/fd';
const hasOpenFiles = existsSync(openFiles);

/** Only names a file, and opens no pipe or device: open(2), which Node.js does not name. The same on x86 and ARM. */
const pathOnly = 0o10000000;

const isLink = (error: unknown): boolean => hasCode(error, 'ELOOP') || hasCode(error, 'ENOTDIR');

const openFolder = async (path: string, shown: string) => {
  try {
    return await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (isLink(error)) throw new Error(`${shown} is a link, or no folder`);
    return ignoreAbsence(error);
  }
};

/**
 * Works in a folder that a user may replace meanwhile: `work` gets a path that leads to the folder that was opened. On
 * systems without /proc it is the folder's own. Does nothing where there is no such folder. Throws for a link, and for what
 * is no folder; `shown` is its path in that message.
 */
export const inFolder = async (path: string, work: (held: string) => Promise<void>, shown = path): Promise<void> => {
  const folder = await openFolder(path, shown);
  if (!folder) return;
  try {
    await work(hasOpenFiles ? `${openFiles}/${folder.fd}` : path);
  } finally {
    await folder.close();
  }
};

type Entry = { readonly uid: number; readonly nlink: number; isSymbolicLink(): boolean; isDirectory(): boolean };

/** A link, or a second name of a file, may lead to what was never taskgate's. */
const isOwn = (entry: Entry): boolean =>
  entry.uid === process.geteuid?.() && !entry.isSymbolicLink() && (entry.isDirectory() || entry.nlink === 1);

/**
 * Gives a file or folder of this process' user to another one; the folder that it is in must be held by {@link inFolder}.
 * Links, files of several names and those of other users stay as they are, and so does a file that is gone.
 */
export const giveEntry = async ({ uid, gid }: Owner, path: string): Promise<void> => {
  if (!hasOpenFiles) {
    const entry = await lstat(path).catch(ignoreAbsence);
    return entry && isOwn(entry) ? lchown(path, uid, gid) : undefined;
  }
  const file = await open(path, pathOnly | constants.O_NOFOLLOW).catch(ignoreAbsence);
  try {
    if (file && isOwn(await file.stat())) await chown(`${openFiles}/${file.fd}`, uid, gid);
  } finally {
    await file?.close();
  }
};

/** The names in a folder that {@link inFolder} holds. */
export const namesIn = (held: string): Promise<readonly string[]> => readdir(held);
