import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { packFile } from '../../lib/archive/tar.ts';
import { type ImageArchive, renderList } from './archive.ts';
import { badArchive, type Tar, unpackedStream } from './open-archive.ts';

const chunkBytes = 2 ** 20;

type OnBytes = (count: number) => void;

/** The bytes of a plain file, always in the same memory: gigabytes of new buffers cost seconds of garbage collection. */
async function* plainBytes(path: string, onBytes: OnBytes): AsyncGenerator<Buffer> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafeSlow(chunkBytes);
    let position = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
      onBytes(position);
    }
  } finally {
    await file.close();
  }
}

async function* unpackedBytes({ path, packing }: Tar, onBytes: OnBytes): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: chunkBytes });
  for await (const chunk of unpackedStream(file, packing)) {
    yield chunk;
    onBytes(file.bytesRead);
  }
}

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
 * The bytes of an archive as a plain tar whose list has the images' full names, read once. A chunk is to be used before the next
 * one is asked for: then it is overwritten, and `onBytes` gets how many bytes of the file are used. Throws UserError
 * `artifact.image-archive` where the file no longer is as it was when it was opened.
 */
export async function* archiveBytes(archive: ImageArchive, onBytes: OnBytes): AsyncGenerator<Buffer> {
  const { tar, list } = archive;
  const member = tar.members.get(list);
  if (!member) throw badArchive(tar.path, `it has no ${list}`);
  const by = await packFile(list, renderList(archive));
  const bytes = tar.packing ? unpackedBytes(tar, onBytes) : plainBytes(tar.path, onBytes);
  let passed = 0;
  for await (const chunk of replaced(bytes, { ...member, size: tar.size, by })) {
    passed += chunk.length;
    yield chunk;
  }
  const expected = tar.size - (member.end - member.start) + by.length;
  if (passed !== expected) throw badArchive(tar.path, 'it has changed while it was read');
  onBytes(tar.bytes);
  // two empty blocks end a tar
  yield Buffer.alloc(1024);
}
