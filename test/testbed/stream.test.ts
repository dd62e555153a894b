import { createServer } from 'node:net';
import { Transform } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { startStream } from '../../scripts/testbed/stream.ts';
import { listening } from '../support/proof/local-path.ts';

const once = { chunkBytes: 65_536, pauseMs: 0, totalBytes: 3_000_000 };

/** An echo that does something to what it gives back. */
const streamThrough = async (change: (bytes: Buffer, offset: number) => Buffer | null) => {
  let offset = 0;
  const server = await listening(
    createServer((socket) => {
      const changing = new Transform({
        transform(bytes: Buffer, _, done) {
          const changed = change(bytes, offset);
          offset += bytes.length;
          if (changed) this.push(changed);
          else this.push(null);
          done();
        },
      });
      socket.on('error', () => undefined);
      socket.pipe(changing).pipe(socket);
    }),
  );
  onTestFinished(() => server[Symbol.asyncDispose]());
  return startStream({ host: '127.0.0.1', port: server.port }, once).finish();
};

test('one wrong byte is found', async () => {
  const { failure } = await streamThrough((bytes, offset) => {
    const at = 1_234_567 - offset;
    if (at >= 0 && at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  });
  expect(failure).toBe('wrong byte at 1234567');
});

test('a chunk that is left out is found', async () => {
  const { failure } = await streamThrough((bytes, offset) => (offset > 0 ? bytes : bytes.subarray(1)));
  expect(failure).toMatch(/^wrong byte at /);
});

test('an end before all has come back is found', async () => {
  const { failure, received } = await streamThrough((bytes, offset) => (offset > 1_000_000 ? null : bytes));
  expect(failure).toMatch(/ended early|ECONNRESET|EPIPE/);
  expect(received).toBeLessThan(3_000_000);
});
