import { type RequestOptions, request } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { dataHead, frameReader, openFrame, pingFrame, resetFrame, type SpdyFrame } from './frames.ts';

/** A connection to a pod's port-forward, which carries one stream after another. */
export type SpdySession = {
  /** Opens a connection to a port of the pod; resolves when the kubelet has taken it. Rejects if the session has ended. */
  readonly open: (port: number) => Promise<Duplex>;
  readonly close: () => void;
};

export type SessionEvents = {
  /** The session carries nothing now, and can carry another stream. */
  readonly onIdle: () => void;
  readonly onEnd: () => void;
};

/** The server answered with another status than that of an upgrade. */
export class UpgradeRefused extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`Unexpected server response: ${status}`);
    this.status = status;
  }
}

const handshakeTimeoutMs = 10_000;
const pingMs = 30_000;
const lingerMs = 10_000;
const longestRefusal = 1_000;
/** The kubelet ends what we have ended after a second; a session that it does not is of no further use. */
const settleMs = 5_000;
/** Ids are 31 bits; a session is left long before it has used them. */
const lastId = 2 ** 30;

const upgrade = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'portforward.k8s.io' };

/** Asks for an upgrade to SPDY, as kubectl does where WebSockets are not to be had. Throws UpgradeRefused. */
export const dialSpdy = (url: string, options: RequestOptions): Promise<{ socket: Socket; head: Buffer }> =>
  new Promise((resolve, reject) => {
    const headers = { ...options.headers, ...upgrade };
    // a connection that is given has its TLS already
    const asked = request(url.replace(/^https:/, 'http:'), {
      ...options,
      method: 'POST',
      headers,
      timeout: handshakeTimeoutMs,
    });
    asked.on('timeout', () => asked.destroy(new Error('Opening handshake has timed out')));
    asked.on('error', reject);
    asked.on('response', (answer) => {
      answer.resume();
      asked.destroy();
      reject(new UpgradeRefused(answer.statusCode ?? 0));
    });
    asked.on('upgrade', (_, socket: Socket, head) => {
      socket.setTimeout(0).setNoDelay(true);
      resolve({ socket, head });
    });
    asked.end();
  });

type Carried = {
  readonly stream: Duplex;
  readonly take: (frame: Extract<SpdyFrame, { readonly stream: number }>) => void;
  readonly fail: (error: Error) => void;
  /** The connection takes more again. */
  readonly drain: () => void;
};

type Ids = { readonly data: number; readonly error: number };
type Ends = { readonly onTaken: () => void; readonly onDone: () => void };

/**
 * One forwarded connection: a stream for its data, one for what went wrong. The pod's end counts once the second has ended
 * without a word: the kubelet ends the first before it says why. Done when the kubelet has ended both.
 */
const carry = (socket: Socket, { data, error }: Ids, { onTaken, onDone }: Ends): Carried => {
  let refusal = '';
  let lingering: NodeJS.Timeout | undefined;
  let written: (() => void) | undefined;
  const drain = (): void => {
    const done = written;
    written = undefined;
    done?.();
  };
  const [ended, state] = [new Set<number>(), { isTaken: false, isCut: false, isSent: false }];
  const sendEnd = (): void => {
    if (!state.isSent && !socket.destroyed) socket.write(dataHead(data, 0, true));
    state.isSent = true;
  };
  const cut = (): void => {
    state.isCut = true;
    sendEnd();
  };
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, _, done) => {
      if (ended.has(data) || socket.destroyed) return done();
      socket.cork();
      socket.write(dataHead(data, chunk.length));
      if (socket.write(chunk)) done();
      else written = done;
      socket.uncork();
    },
    // there is no half-close: containerd ends the second direction one second after the first
    final: (done) => {
      lingering = setTimeout(cut, lingerMs);
      done();
    },
    destroy: (failure, done) => {
      clearTimeout(lingering);
      socket.resume();
      drain();
      // the kubelet says no more of a stream that was reset, but still ends the other one
      if (!ended.has(data) && !socket.destroyed) socket.write(resetFrame(data));
      ended.add(data);
      done(failure);
    },
  });
  stream.on('error', () => undefined);
  const settle = (): void => {
    if (!ended.has(data) || !ended.has(error)) return;
    clearTimeout(lingering);
    sendEnd();
    const why = state.isCut
      ? 'the pod was silent after the end of the local side, which cannot be passed on to it'
      : '';
    if (refusal || why) stream.destroy(new Error(refusal || why));
    else if (!stream.destroyed) stream.push(null);
    onDone();
  };
  const takeBytes = (id: number, bytes: Buffer): void => {
    if (id === error) refusal = (refusal + bytes.toString()).slice(0, longestRefusal);
    else if (!stream.destroyed && bytes.length > 0) {
      lingering?.refresh();
      if (!stream.push(bytes)) socket.pause();
    }
  };
  return {
    stream,
    drain,
    fail: (failure) => {
      clearTimeout(lingering);
      drain();
      stream.destroy(failure);
    },
    take: (frame) => {
      if (frame.kind === 'data') takeBytes(frame.stream, frame.bytes);
      if (frame.kind === 'reply' && frame.stream === data && !state.isTaken) {
        state.isTaken = true;
        onTaken();
      }
      if (frame.kind === 'reset') refusal ||= 'the kubelet reset the connection';
      if (frame.end) ended.add(frame.stream);
      settle();
    },
  };
};

/** Carries port-forwards, one at a time: SPDY has no flow control that the kubelet keeps, so a slow reader would stop all others. */
export const openSession = (socket: Socket, head: Buffer, { onIdle, onEnd }: SessionEvents): SpdySession => {
  let next = 1;
  let carried: Carried | undefined;
  let [isClosed, isLast] = [false, false];
  const end = (why: string): void => {
    if (isClosed) return;
    isClosed = true;
    clearInterval(pinging);
    carried?.fail(new Error(why));
    socket.destroy();
    onEnd();
  };
  const pinging = setInterval(() => socket.write(pingFrame(next)), pingMs);
  pinging.unref();
  const take = (frame: SpdyFrame): void => {
    if (frame.kind === 'ping' && frame.id % 2 === 0) socket.write(pingFrame(frame.id));
    if (frame.kind === 'goAway') isLast = true;
    if ('stream' in frame) carried?.take(frame);
  };
  const read = frameReader(take);
  socket.on('data', read).on('error', () => undefined);
  socket.on('drain', () => carried?.drain());
  socket.on('close', () => end('the connection to the API server was closed'));
  if (head.length > 0) read(head);
  const onDone = (): void => {
    carried = undefined;
    if (isLast || next > lastId) end('');
    else if (!isClosed) onIdle();
  };
  const open = (port: number): Promise<Duplex> =>
    new Promise((resolve, reject) => {
      if (isClosed) return reject(new Error('the connection to the API server was closed'));
      socket.ref();
      const ids = { error: next, data: next + 2 };
      const fields = { port: String(port), requestID: String(next) };
      socket.write(openFrame(ids.error, { streamType: 'error', ...fields }, { end: true, isFirst: next === 1 }));
      socket.write(openFrame(ids.data, { streamType: 'data', ...fields }, { end: false, isFirst: false }));
      next += 4;
      const late = setTimeout(() => end('the kubelet did not take the connection'), handshakeTimeoutMs);
      const onTaken = (): void => {
        clearTimeout(late);
        resolve(one.stream);
      };
      const one = carry(socket, ids, { onTaken, onDone });
      one.stream.once('close', () => {
        clearTimeout(late);
        // a connection that carries nothing keeps no process alive
        socket.unref();
        setTimeout(() => carried === one && end(''), settleMs).unref();
        reject(one.stream.errored ?? new Error('the connection was closed'));
      });
      carried = one;
    });
  return { open, close: () => end('') };
};
