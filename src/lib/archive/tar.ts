import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { messageOf } from '../errors.ts';

/** Content of a file in a tar: text in memory, or a file on disk, which is streamed. */
export type TarContent = { readonly text: string } | { readonly path: string; readonly size: number };

export type TarEntry =
  | { readonly type: 'directory'; readonly name: string; readonly mode: number }
  | { readonly type: 'file'; readonly name: string; readonly mode: number; readonly content: TarContent }
  | { readonly type: 'symlink'; readonly name: string; readonly mode: number; readonly target: string };

type Pack = ReturnType<typeof pack>;

const addEntry = async (into: Pack, entry: TarEntry): Promise<void> => {
  // without times and owners, the same entries give the same bytes
  const header = { name: entry.name, mode: entry.mode, type: entry.type, mtime: new Date(0), uid: 0, gid: 0 };
  if (entry.type === 'directory') into.entry(header);
  else if (entry.type === 'symlink') into.entry({ ...header, linkname: entry.target });
  else if ('text' in entry.content) into.entry(header, entry.content.text);
  else await pipeline(createReadStream(entry.content.path), into.entry({ ...header, size: entry.content.size }));
};

/** Writes a tar, and returns its size and digest. */
export const writeTar = async (
  path: string,
  entries: Iterable<TarEntry>,
  signal?: AbortSignal,
): Promise<{ size: number; sha256: string }> => {
  const into = pack();
  const hash = createHash('sha256');
  let size = 0;
  const measure = async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      hash.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  };
  const feed = async () => {
    for (const entry of entries) await addEntry(into, entry);
    into.finalize();
  };
  await Promise.all([
    pipeline(into as AsyncIterable<Buffer>, measure, createWriteStream(path), { ...(signal && { signal }) }),
    feed(),
  ]);
  return { size, sha256: hash.digest('hex') };
};

/** One file as it stands in a tar: its header, and its content up to the end of a block. */
export const packFile = async (name: string, text: string): Promise<Buffer> => {
  const into = pack();
  const packed = Array.fromAsync(into as AsyncIterable<Buffer>);
  await addEntry(into, { type: 'file', name, mode: 0o644, content: { text } });
  into.finalize();
  // without the two empty blocks that end a tar
  return Buffer.concat(await packed).subarray(0, -1024);
};

/** An archive that cannot be unpacked safely. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
}

/** Ends a stream that has more bytes than this: a few kB of gzip can hold gigabytes. */
const limited = (limit: number) =>
  async function* (source: AsyncIterable<Buffer>) {
    let size = 0;
    for await (const chunk of source) {
      size += chunk.length;
      if (size > limit) throw new ArchiveError(`it unpacks to more than ${limit} bytes`);
      yield chunk;
    }
  };

/** Of the archive itself, or of the disk; all else is what gunzip and tar say of damaged bytes. */
const ofFiles = (error: unknown): boolean =>
  error instanceof ArchiveError || (error instanceof Error && 'syscall' in error);

type Wanted = {
  /** Path of the file in the archive, without a leading `./`. */
  readonly member: string;
  readonly to: string;
  /** The most bytes that the whole archive may have, unpacked. */
  readonly limit: number;
};

/**
 * Extracts one file from a gzipped tar; false if it is not in there. Throws {@link ArchiveError} for a member that is a
 * link, device or folder, and for too many bytes.
 */
export const extractFile = async (archive: string, { member, to, limit }: Wanted): Promise<boolean> => {
  let found = false;
  const entries = extract();
  const unpack = async () => {
    for await (const entry of entries) {
      const isWanted = entry.header.name.replace(/^\.\//, '') === member;
      if (isWanted && entry.header.type !== 'file' && entry.header.type !== 'contiguous-file') {
        throw new ArchiveError(`its ${member} is a ${entry.header.type}, not a file`);
      }
      found ||= isWanted;
      if (isWanted) await pipeline(entry as AsyncIterable<Buffer>, createWriteStream(to));
      else entry.resume();
    }
  };
  const unzip = pipeline(createReadStream(archive), createGunzip(), limited(limit), entries as NodeJS.WritableStream);
  // the failure of one end ends the other; the first one says why
  const unpacking = unpack().catch((error: Error) => {
    entries.destroy(error);
    throw error;
  });
  const [unzipped, unpacked] = await Promise.allSettled([unzip, unpacking]);
  const failures = [unzipped, unpacked].flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  const failure = failures.find((error) => error instanceof ArchiveError) ?? failures[0];
  if (failure !== undefined)
    throw ofFiles(failure) ? failure : new ArchiveError(`it is damaged: ${messageOf(failure)}`);
  return found;
};
