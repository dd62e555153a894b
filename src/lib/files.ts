import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  constants,
  copyFile,
  lchown,
  lstat,
  mkdir,
  open,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasCode, UserError } from './errors.ts';

/** Turns the error of a missing file into undefined. */
export const ignoreAbsence = (error: unknown): undefined => {
  if (!hasCode(error, 'ENOENT')) throw error;
};

export type Owner = { readonly uid: number; readonly gid: number };

/** What `stat` says of a file, or undefined if there is none. */
export const findStat = (path: string) => stat(path).catch(ignoreAbsence);

/** A path that exists, or the nearest folder above it that does. */
export const nearestThere = async (path: string): Promise<string> =>
  (await findStat(path)) ? path : nearestThere(dirname(path));

/** The owner of a file; for a missing file, the owner of its nearest existing folder. */
const ownerOf = async (path: string): Promise<Owner> => stat(await nearestThere(path));

/** Gives files to their user where this is root; other users' files are their own already. */
export const giveTo = async ({ uid, gid }: Owner, ...paths: readonly string[]): Promise<void> => {
  if (process.getuid?.() !== 0) return;
  // lchown: the folder may be the user's, and a link in it could name anything
  for (const path of paths) await lchown(path, uid, gid);
};

type Attributes = { readonly mode: number; readonly owner?: Owner };

/** What a file is to have: a text, or bytes as they come. */
export type Content = string | Buffer | AsyncIterable<Buffer>;

/** A name beside a file that nobody else has, for a text that is moved to its place when it is complete. */
const draftOf = (path: string): string => `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;

/**
 * Writes a file by rename, a link in its place is replaced. `owner` is for root: the new file's, instead of its own.
 *
 * Not write-file-atomic 8: it does not set the owner of a file that root creates for a user, keeps no backup, handles
 * SIGTERM and SIGINT (signal-exit), and needs Node.js 22.22.2 or 24.15.
 */
export const writeByRename = async (path: string, content: Content, { mode, owner }: Attributes): Promise<void> => {
  const draft = draftOf(path);
  try {
    const file = await open(draft, 'wx', mode);
    try {
      if (owner) {
        await giveTo(owner, draft);
        await file.chmod(mode); // the umask may have removed bits
      }
      await writeFile(file, content);
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

/** Creates a folder (0700) with those above it; what is new belongs to `owner`, where there is one and this is root. */
export const ensureFolderOf = async (path: string, owner: Owner | undefined): Promise<void> => {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined || !owner) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await giveTo(owner, made);
};

/** Creates a folder (0700) that belongs to the user, even if root creates it. */
export const ensureUserFolder = async (path: string): Promise<void> => ensureFolderOf(path, await ownerOf(path));

/** `mine.yaml.taskgate-backup`, then `mine.yaml.taskgate-backup.1` and so on. */
const backupName = (path: string, count: number): string => `${path}.taskgate-backup${count === 0 ? '' : `.${count}`}`;

/** A name that nothing has yet; not even a link, which others may have put there. */
const freeBackupName = async (path: string, count = 0): Promise<string> => {
  const name = backupName(path, count);
  const isTaken = (await lstat(name).catch(ignoreAbsence)) !== undefined;
  return isTaken ? freeBackupName(path, count + 1) : name;
};

/** Copies a file beside itself, by rename: what is there already is neither overwritten nor followed. */
const backUp = async (path: string, owner: Owner): Promise<string> => {
  const draft = draftOf(path);
  try {
    await copyFile(path, draft, constants.COPYFILE_EXCL);
    await giveTo(owner, draft);
    const backup = await freeBackupName(path);
    await rename(draft, backup);
    return backup;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
};

/** Whether there is a backup of a file of the user. */
const hasBackup = async (path: string): Promise<boolean> => (await freeBackupName(path)) !== backupName(path, 0);

export type Replacing = {
  /** By default the file keeps its own. */
  readonly mode?: number;
  /** `each` text that is replaced is kept; `first`: only the one from before the first change, the user's own. */
  readonly backups: 'each' | 'first';
};

/**
 * Writes a user's regular file by rename. Keeps its owner, even if root writes it, and its mode unless one is given;
 * follows links. Keeps the previous content in a backup (`.taskgate-backup`) unless it was empty; earlier backups stay.
 * Resolves with the path of the backup, if one was made.
 */
export const replaceUserFile = async (
  path: string,
  text: string,
  { mode, backups }: Replacing,
): Promise<string | undefined> => {
  const target = await targetOf(path);
  const owner = await ownerOf(target);
  const before = await findStat(target);
  const isWorthKeeping = before !== undefined && before.size > 0;
  const isKept = isWorthKeeping && (backups === 'each' || !(await hasBackup(target)));
  const backup = isKept ? await backUp(target, owner) : undefined;
  await writeByRename(target, text, { owner, mode: mode ?? (before?.mode ?? 0o600) & 0o777 });
  return backup;
};

/** Of taskgate's own files; a kubeconfig with hundreds of clusters has a few MB. */
const usualLimitBytes = 16 * 2 ** 20;

const tooLarge = (path: string, limitBytes: number): UserError =>
  new UserError(`${path} has more than ${limitBytes / 2 ** 10} KiB`, {
    id: 'usage.file-size',
    hint: 'is it the right file? taskgate reads no larger one',
  });

/**
 * The text of a file. Throws UserError `usage.file-size` for one that is larger than the limit, or that never ends, such as
 * `/dev/zero`, and what the system says of one that cannot be read.
 */
export const readTextFile = async (path: string, limitBytes?: number): Promise<string> =>
  (await readWhole(path, limitBytes)).toString('utf8');

/** As {@link readTextFile}, but as bytes. */
export const readWhole = (path: string, limitBytes = usualLimitBytes): Promise<Buffer> =>
  readLimited(createReadStream(path, { highWaterMark: 256 * 2 ** 10 }), { path, limitBytes });

/** The bytes of an open file. Throws UserError `usage.file-size`. */
export const readLimited = async (
  file: AsyncIterable<unknown>,
  { path, limitBytes }: { readonly path: string; readonly limitBytes: number },
): Promise<Buffer> => {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of file) {
    size += (part as Buffer).length;
    if (size > limitBytes) throw tooLarge(path, limitBytes);
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
};

/** As {@link readTextFile}, or undefined if there is no such file. */
export const findTextFile = (path: string, limitBytes?: number): Promise<string | undefined> =>
  readTextFile(path, limitBytes).catch(ignoreAbsence);

const tailBytes = 16 * 2 ** 10;

/** The last lines of a log of any size; none if there is no such file. */
export const findLastLines = async (path: string, count: number): Promise<readonly string[]> => {
  const { size = 0 } = (await findStat(path)) ?? {};
  const start = Math.max(0, size - tailBytes);
  const parts: Buffer[] = [];
  if (size > 0) for await (const part of createReadStream(path, { start, end: size - 1 })) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8').trim().split('\n').slice(-count);
};

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
