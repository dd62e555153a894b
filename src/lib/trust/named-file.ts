import { createReadStream, writeFile as writeDescriptor } from 'node:fs';
import { constants, lstat, open, readlink, realpath, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '../errors.ts';
import { type Content, ensureFolderOf, findStat, ignoreAbsence, type Owner, writeByRename } from '../files.ts';
import { isOpenToAll, type Trusted } from './users.ts';

type Kind = 'new' | 'file' | 'stream' | 'descriptor';

/** What a path that a user names leads to. */
type Place = { readonly kind: Kind; readonly path: string };

const cannot = (path: string, why: string, hint: string): UserError =>
  new UserError(`cannot write ${path}: ${why}`, { id: 'usage.output', hint });

const anotherFile = 'give a file in a folder that you may write to';

/**
 * What others put into a folder that is open to all is not followed or written to, as the kernel's protected_symlinks and
 * its siblings have it (sysctl/fs); links are resolved here, where those do not apply.
 */
const verifyOwner = async (path: string, uid: number, trusted: Trusted): Promise<void> => {
  if (!trusted || trusted.has(uid)) return;
  const folder = await stat(dirname(path));
  if (!isOpenToAll(folder) || folder.uid === uid) return;
  const why = `it belongs to user ${uid}, and everybody may write to its folder`;
  throw cannot(path, why, 'remove it, or name a file in a folder of your own');
};

/** Folders whose entries are the open files of this process: a new file in their place would be another one. */
const isOwnDescriptors = (folder: string): boolean =>
  folder === '/dev/fd' || new RegExp(`^/proc/${process.pid}(/task/\\d+)?/fd$`).test(folder);

const mostLinks = 40;

const findPlace = async (path: string, trusted: Trusted, links = mostLinks): Promise<Place> => {
  const found = await lstat(path).catch(ignoreAbsence);
  if (!found) return { kind: 'new', path };
  await verifyOwner(path, found.uid, trusted);
  const folder = await realpath(dirname(path));
  if (isOwnDescriptors(folder)) return { kind: 'descriptor', path };
  if (found.isDirectory()) throw cannot(path, 'it is a folder', 'give the path of a file');
  if (found.isBlockDevice()) throw cannot(path, 'it is a disk', 'give the path of a file');
  if (found.isFile()) return { kind: 'file', path };
  if (!found.isSymbolicLink()) return { kind: 'stream', path };
  if (links === 0) throw cannot(path, 'there are too many links', 'give the path of a file');
  return findPlace(resolve(folder, await readlink(path)), trusted, links - 1);
};

/** Lets the system's refusal to write a file that the user names through as UserError `usage.output`. */
export const explainWrite = async <T>(file: string, write: () => Promise<T>): Promise<T> => {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    const details = { id: 'usage.output', hint: anotherFile, cause: error } as const;
    throw new UserError(`cannot write ${file}: ${error.message}`, details);
  }
};

type Writing = {
  /** Of a file that is there, too; by default that keeps its mode, and a new one gets 0600. */
  readonly mode?: number;
  readonly trusted: Trusted;
  /** The user who called sudo. */
  readonly caller?: Owner | undefined;
};

/** A new file is the folder's owner's, if that is a trusted user: then the caller of sudo can read what root writes. */
const ownerOfNew = async (folder: string, { trusted, caller }: Writing): Promise<Owner | undefined> => {
  const parent = await findStat(folder);
  if (!parent) return ownerOfNew(dirname(folder), { trusted, caller });
  if (isOpenToAll(parent)) return caller;
  return trusted?.has(parent.uid) ? parent : undefined;
};

const writeNew = async (path: string, content: Content, writing: Writing): Promise<void> => {
  const owner = await ownerOfNew(dirname(path), writing);
  await ensureFolderOf(dirname(path), owner);
  await writeByRename(path, content, { mode: writing.mode ?? 0o600, ...(owner && { owner }) });
};

const writeAll = promisify(writeDescriptor);

const writeChunk = async (descriptor: number, chunk: string | Buffer): Promise<void> => {
  const stream = { 1: process.stdout, 2: process.stderr }[descriptor];
  if (!stream) return void (await writeAll(descriptor, chunk));
  return new Promise((done, fail) => stream.write(chunk, (error) => (error ? fail(error) : done())));
};

/** What stands behind the standard streams comes in order with what is printed. */
const writeTo = async (descriptor: number, content: Content): Promise<void> => {
  if (typeof content === 'string' || Buffer.isBuffer(content)) return writeChunk(descriptor, content);
  for await (const chunk of content) await writeChunk(descriptor, chunk);
};

const writeStream = async (path: string, content: Content): Promise<void> => {
  const file = await open(path, constants.O_WRONLY | constants.O_NOCTTY);
  try {
    await writeFile(file, content);
  } finally {
    await file.close();
  }
};

const writePlace = async ({ kind, path }: Place, content: Content, writing: Writing): Promise<void> => {
  if (kind === 'new') return writeNew(path, content, writing);
  if (kind === 'descriptor') return writeTo(Number(basename(path)), content);
  if (kind === 'stream') return writeStream(path, content);
  const owner = await stat(path);
  return writeByRename(path, content, { mode: writing.mode ?? owner.mode & 0o777, owner });
};

/** Throws UserError `usage.output` for a path that {@link writeNamedFile} would refuse. Changes nothing. */
export const verifyNamedFile = (path: string, trusted: Trusted): Promise<unknown> =>
  explainWrite(path, () => findPlace(path, trusted));

/**
 * Writes a file that the user names. A regular file is replaced as a whole, by rename, behind all links, and keeps its
 * owner; a device, a pipe or an open file (`/dev/stdout`, `/dev/fd/3`) stays and is written to. Throws UserError
 * `usage.output`.
 */
export const writeNamedFile = (path: string, text: string, writing: Writing): Promise<void> =>
  explainWrite(path, async () => writePlace(await findPlace(path, writing.trusted), text, writing));

/** Opened when it is asked for: what refuses to be written to leaves no open file. */
async function* bytesOf(path: string): AsyncGenerator<Buffer> {
  yield* createReadStream(path, { highWaterMark: 2 ** 20 });
}

/** As {@link writeNamedFile}, with the bytes of a file of any size; a new file gets the mode of that one. */
export const copyToNamedFile = (source: string, path: string, writing: Writing): Promise<void> =>
  explainWrite(path, async () => {
    const place = await findPlace(path, writing.trusted);
    const mode = place.kind === 'new' ? { mode: (await stat(source)).mode & 0o777 } : {};
    await writePlace(place, bytesOf(source), { ...mode, ...writing });
  });

/** Throws UserError `usage.output` unless a file of the user can be replaced there: one that is regular, or not there. */
export const verifyRegular = async (path: string, trusted: Trusted): Promise<void> => {
  const { kind } = await explainWrite(path, () => findPlace(path, trusted));
  if (kind === 'new' || kind === 'file') return;
  throw cannot(path, 'it is no regular file', 'give the path of a regular file');
};
