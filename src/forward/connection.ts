import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { nextDelayMs } from '../lib/backoff.ts';
import { followHttp } from './http-end.ts';

/** Tries once to open the far side of a connection. */
export type Dial = () => Promise<Duplex>;

/** A connection waits so long for a new Envoy pod or for the API server before it is reset. */
const holdMs = 15_000;
const backoff = { firstMs: 100, longestMs: 2_000 };
/** A client that does not end after the far side has ended is closed after this time. */
const lingerMs = 10_000;

/** Retries with back-off. Throws the last failure at the deadline or when aborted. */
const dialWithRetries = async (dial: Dial, signal: AbortSignal): Promise<Duplex> => {
  const startMs = performance.now();
  for (let pauseMs = backoff.firstMs; ; pauseMs = nextDelayMs(backoff, pauseMs)) {
    try {
      return await dial();
    } catch (error) {
      if (signal.aborted || performance.now() - startMs + pauseMs > holdMs) throw error;
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) throw error;
    }
  }
};

/**
 * Copies both ways until both sides have ended. A client gets a reset, not an end, if bytes are missing. An HTTP answer after
 * which the server closes is an end by itself.
 */
const pipeBoth = (socket: Socket, far: Duplex): Promise<string | undefined> =>
  new Promise((resolve) => {
    let trouble: string | undefined;
    let lingering: NodeJS.Timeout | undefined;
    let isWhole = false;
    const http = followHttp();
    const endWhole = (): void => {
      isWhole = true;
      far.unpipe(socket).resume();
      socket.end();
    };
    far.on('error', ({ message }) => {
      if (isWhole) return;
      // a client that has ended was told nothing new by it
      if (!socket.readableEnded) trouble = message;
      socket.resetAndDestroy();
    });
    socket.on('finish', () => {
      lingering = setTimeout(() => socket.destroy(), lingerMs);
    });
    socket.on('close', () => {
      clearTimeout(lingering);
      far.destroy();
      resolve(trouble);
    });
    socket.on('data', http.request).on('end', () => !isWhole && http.isIdle() && endWhole());
    socket.pipe(far).pipe(socket);
    // after the pipe, so that the last bytes are on their way
    far.on('data', (bytes: Buffer) => !isWhole && http.response(bytes) && endWhole());
  });

/**
 * Forwards an accepted connection until it ends; resets it when the far side cannot be reached or fails. Returns the
 * error of the far side, if any. Tested in test/forward/forward.test.ts.
 */
export const forwardConnection = async (socket: Socket, dial: Dial): Promise<string | undefined> => {
  const closed = new AbortController();
  socket.on('close', () => closed.abort()).on('error', () => undefined); // its 'close' follows and is acted upon
  try {
    const far = await dialWithRetries(dial, closed.signal);
    if (far.destroyed) throw far.errored ?? new Error('the connection to the pod was closed at once');
    if (!socket.destroyed) return await pipeBoth(socket, far);
    far.destroy();
    return undefined;
  } catch (error) {
    socket.resetAndDestroy();
    return closed.signal.aborted ? undefined : (error as Error).message;
  }
};
