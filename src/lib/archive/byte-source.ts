import type { FileHandle } from 'node:fs/promises';

/** Bytes in order, of which some are skipped. Tested in test/lib/archive/members.test.ts. */
export type ByteSource = {
  /** The next bytes; fewer than asked for at the end only. */
  readonly read: (count: number) => Promise<Buffer>;
  /** Leaves out the next bytes; gives how many there were. */
  readonly skip: (count: number) => Promise<number>;
};

/** A file: what is skipped is never read. */
export const bytesOfFile = (file: FileHandle, size: number): ByteSource => {
  let position = 0;
  return {
    read: async (count) => {
      const buffer = Buffer.alloc(Math.min(count, size - position));
      let filled = 0;
      while (filled < buffer.length) {
        const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      position += filled;
      return buffer.subarray(0, filled);
    },
    skip: async (count) => {
      const skipped = Math.min(count, size - position);
      position += skipped;
      return skipped;
    },
  };
};

/** A stream, such as one that unpacks a file: all of it passes. */
export const bytesOfStream = (stream: AsyncIterable<Buffer>): ByteSource => {
  const chunks = stream[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const take = async (count: number, onBytes: (bytes: Buffer) => void): Promise<void> => {
    let missing = count;
    while (missing > 0) {
      if (rest.length === 0) {
        const next = await chunks.next();
        if (next.done) return;
        rest = next.value;
      }
      onBytes(rest.subarray(0, missing));
      const taken = Math.min(missing, rest.length);
      rest = rest.subarray(taken);
      missing -= taken;
    }
  };
  return {
    read: async (count) => {
      const taken: Buffer[] = [];
      await take(count, (bytes) => taken.push(bytes));
      return Buffer.concat(taken);
    },
    skip: async (count) => {
      let skipped = 0;
      await take(count, (bytes) => {
        skipped += bytes.length;
      });
      return skipped;
    },
  };
};
