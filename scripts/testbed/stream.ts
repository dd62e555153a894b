import { once } from 'node:events';
import { connect } from 'node:net';
import type { HostPort } from '../../src/proof/probe/dial.ts';

/** Not a power of two, so that no buffer of any size falls into step with it. */
const pattern = Buffer.from(Uint8Array.from({ length: 1_000_003 }, (_, index) => (index * 2_654_435_761) >>> 13));

const patternAt = (offset: number, length: number): Buffer => {
  const start = offset % pattern.length;
  return pattern.subarray(start, Math.min(start + length, pattern.length));
};

/** Where `bytes` first differ from what belongs at `offset`; undefined when they do not. */
const findDifference = (bytes: Buffer, offset: number): number | undefined => {
  for (let at = 0; at < bytes.length; ) {
    const wanted = patternAt(offset + at, bytes.length - at);
    const seen = bytes.subarray(at, at + wanted.length);
    if (!seen.equals(wanted)) return offset + at + seen.findIndex((byte, index) => byte !== wanted[index]);
    at += wanted.length;
  }
  return undefined;
};

export type Streamed = {
  readonly sent: number;
  readonly received: number;
  /** Why it ended before all had come back: a wrong byte, a reset, an early end. */
  readonly failure?: string;
};

/** One connection to an echo that streams until it is told to stop. */
export type Stream = { readonly finish: () => Promise<Streamed> };

export type Pace = {
  readonly chunkBytes: number;
  /** Between two chunks; 0 is as fast as it goes. */
  readonly pauseMs: number;
  /** Stops by itself after so many bytes. */
  readonly totalBytes?: number;
};

/** Streams a known pattern through an echo and looks at every byte that comes back. */
export const startStream = (target: HostPort, { chunkBytes, pauseMs, totalBytes = Infinity }: Pace): Stream => {
  const socket = connect({ ...target, noDelay: true, allowHalfOpen: true });
  const { promise, resolve } = Promise.withResolvers<Streamed>();
  let [sent, received, isFinishing] = [0, 0, false];
  const end = (failure?: string): void => {
    isFinishing = true;
    socket.destroy();
    resolve({ sent, received, ...(failure && { failure }) });
  };
  const judge = (): void => {
    if (isFinishing && received === sent) end();
  };
  const pump = async (): Promise<void> => {
    await once(socket, 'connect');
    while (!isFinishing && sent < totalBytes) {
      const chunk = patternAt(sent, Math.min(chunkBytes, totalBytes - sent));
      sent += chunk.length;
      if (!socket.write(chunk)) await once(socket, 'drain');
      if (pauseMs > 0) await new Promise((next) => setTimeout(next, pauseMs));
    }
    isFinishing = true;
    judge();
  };
  socket.on('data', (bytes: Buffer) => {
    const difference = findDifference(bytes, received);
    received += bytes.length;
    if (difference !== undefined) end(`wrong byte at ${difference}`);
    judge();
  });
  socket.on('end', () => end(received === sent && isFinishing ? undefined : 'ended early'));
  socket.on('error', ({ message }) => end(message));
  pump().catch(({ message }) => end(message));
  return {
    finish: () => {
      isFinishing = totalBytes === Infinity || isFinishing;
      judge();
      return promise;
    },
  };
};
