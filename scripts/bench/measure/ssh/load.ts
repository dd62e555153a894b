import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { HostPort } from '../../../../src/proof/probe/dial.ts';
import { startStream } from '../../../testbed/stream.ts';

/** What one load has done; `lost` is what did not come back, or came back wrong. */
export type Load = { readonly perSecond: number; readonly lost: number };

const shortAtOnce = 8;
const patienceMs = 30_000;

const connectTo = (target: HostPort, timeoutMs: number): Socket => {
  const socket = connect({ ...target, noDelay: true });
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error('silent')));
  return socket;
};

/** Sends bytes to an echo on an open connection; whether the same came back. */
const sendAndCompare = (socket: Socket, sent: Buffer): Promise<boolean> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const end = (isSame: boolean) => {
      socket.off('data', onData).off('error', fail).off('close', fail);
      resolve(isSame);
    };
    const fail = () => end(false);
    const onData = (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= sent.length) end(Buffer.concat(chunks).equals(sent));
    };
    socket.on('data', onData).on('error', fail).on('close', fail);
    socket.write(sent);
  });

/** One short connection to an echo: connects, sends 32 bytes, reads them, closes. Whether all was well. */
export const exchange = async (target: HostPort, timeoutMs: number): Promise<boolean> => {
  const socket = connectTo(target, timeoutMs);
  socket.on('error', () => undefined);
  const isBack = await sendAndCompare(socket, randomBytes(32));
  socket.destroy();
  return isBack;
};

const timed = async (count: number, run: () => Promise<number>): Promise<Load> => {
  const startMs = performance.now();
  const lost = await run();
  return { perSecond: count / ((performance.now() - startMs) / 1_000), lost };
};

/** So many short connections, 8 at once. */
export const loadShort = (target: HostPort, count: number): Promise<Load> =>
  timed(count, async () => {
    let [left, lost] = [count, 0];
    const work = async () => {
      while (left-- > 0) if (!(await exchange(target, patienceMs))) lost++;
    };
    await Promise.all(Array.from({ length: shortAtOnce }, work));
    return lost;
  });

/** That each of the connections at once sends. */
export const messages = 20;

/** So many connections that are open at the same time; each sends 20 messages of 1 KiB, one after the other. */
export const loadConcurrent = (target: HostPort, connections: number): Promise<Load> =>
  timed(connections * messages, async () => {
    let lost = 0;
    const { promise: allOpen, resolve: open } = Promise.withResolvers<void>();
    let waiting = connections;
    const work = async () => {
      const socket = connectTo(target, patienceMs);
      socket.on('error', () => undefined);
      if (!(await sendAndCompare(socket, randomBytes(1_024)))) lost++;
      if (--waiting === 0) open();
      await allOpen;
      for (let i = 1; i < messages; i++) if (!(await sendAndCompare(socket, randomBytes(1_024)))) lost++;
      socket.destroy();
    };
    await Promise.all(Array.from({ length: connections }, work));
    return lost;
  });

/** One stream of so many bytes to an echo and back, every byte compared; `perSecond` counts bytes one way. */
export const loadStream = (target: HostPort, totalBytes: number): Promise<Load> =>
  timed(totalBytes, async () => {
    const { received } = await startStream(target, { chunkBytes: 2 ** 16, pauseMs: 0, totalBytes }).finish();
    return totalBytes - received;
  });
