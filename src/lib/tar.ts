import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, pack } from 'tar-stream';

/** Content of a file in a tar: text in memory, or a file on disk, which is streamed. */
export type TarContent = { readonly text: string } | { readonly path: string; readonly size: number };

export type TarEntry =
  | { readonly type: 'directory'; readonly name: string; readonly mode: number }
  | { readonly type: 'file'; readonly name: string; readonly mode: number; readonly content: TarContent };

type Pack = ReturnType<typeof pack>;

const addEntry = async (into: Pack, entry: TarEntry): Promise<void> => {
  // without times and owners, the same entries give the same bytes
  const header = { name: entry.name, mode: entry.mode, type: entry.type, mtime: new Date(0), uid: 0, gid: 0 };
  if (entry.type === 'directory') into.entry(header);
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

/** Extracts one file from a gzipped tar; false if it is not in there. */
export const extractFile = async (archive: string, member: string, to: string): Promise<boolean> => {
  let found = false;
  const entries = extract();
  const unpack = async () => {
    for await (const entry of entries) {
      const isWanted = entry.header.name.replace(/^\.\//, '') === member;
      found ||= isWanted;
      if (isWanted) await pipeline(entry as AsyncIterable<Buffer>, createWriteStream(to));
      else entry.resume();
    }
  };
  await Promise.all([pipeline(createReadStream(archive), createGunzip(), entries as NodeJS.WritableStream), unpack()]);
  return found;
};
