import { createReadStream } from 'node:fs';
import { packFile } from '../../lib/archive/tar.ts';
import { type ImageArchive, renderList } from './archive.ts';
import { badArchive, unpackedStream } from './open-archive.ts';

const chunkBytes = 2 ** 20;

/** Passes on a stream, with other bytes in place of those between two positions, and ends it at a third. */
async function* replaced(
  stream: AsyncIterable<Buffer>,
  {
    start,
    end,
    size,
    by,
  }: { readonly start: number; readonly end: number; readonly size: number; readonly by: Buffer },
): AsyncGenerator<Buffer> {
  let position = 0;
  for await (const chunk of stream) {
    const [from, to] = [position, Math.min(position + chunk.length, size)];
    position = from + chunk.length;
    if (from < start) yield chunk.subarray(0, Math.min(to, start) - from);
    if (from <= start && position > start) yield by;
    if (to > end) yield chunk.subarray(Math.max(end - from, 0), to - from);
    if (position >= size) return;
  }
}

/**
 * The bytes of an archive as a plain tar whose list has the images' full names, read once; `onBytes` gets how many bytes of the
 * file are read. Throws UserError `artifact.image-archive` where the file no longer is as it was when it was opened.
 */
export async function* archiveBytes(archive: ImageArchive, onBytes: (count: number) => void): AsyncGenerator<Buffer> {
  const { tar, list } = archive;
  const member = tar.members.get(list);
  if (!member) throw badArchive(tar.path, `it has no ${list}`);
  const by = await packFile(list, renderList(archive));
  const file = createReadStream(tar.path, { highWaterMark: chunkBytes });
  let passed = 0;
  for await (const chunk of replaced(unpackedStream(file, tar.packing), { ...member, size: tar.size, by })) {
    onBytes(file.bytesRead);
    passed += chunk.length;
    yield chunk;
  }
  const expected = tar.size - (member.end - member.start) + by.length;
  if (passed !== expected) throw badArchive(tar.path, 'it has changed while it was read');
  // two empty blocks end a tar
  yield Buffer.alloc(1024);
}
