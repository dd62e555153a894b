import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { HostPort } from '../../../src/proof/probe/dial.ts';
import type { BenchContext } from '../context.ts';
import type { Held } from '../results.ts';
import { type Exposed, expose, type Server, targetOf, unexpose } from './server.ts';

const request = 'GET /hostname HTTP/1.1\r\nHost: bench\r\n\r\n';
const pauseMs = 50;

/** Counts the answers in a stream that is cut anywhere. */
export const makeAnswerCounter = (): ((text: string) => number) => {
  const mark = 'HTTP/1.1 200';
  let rest = '';
  return (text) => {
    const parts = (rest + text).split(mark);
    rest = (parts.at(-1) ?? '').slice(-(mark.length - 1));
    return parts.length - 1;
  };
};

type Connection = {
  /** Sends no more requests. */
  readonly stop: () => void;
  readonly total: () => Omit<Held, 'listeners'>;
  readonly close: () => void;
};

/** Opens one TCP connection and sends a request on it every 50 ms until it is closed. */
const holdConnection = (target: HostPort): Connection => {
  const socket = connect(target).setEncoding('utf8');
  const count = makeAnswerCounter();
  const waiting: number[] = [];
  const total = { requests: 0, answers: 0, longestAnswerMs: 0, ended: false };
  socket.on('data', (text: string) => {
    for (let answers = count(text); answers > 0; answers--) {
      total.answers++;
      total.longestAnswerMs = Math.max(total.longestAnswerMs, performance.now() - (waiting.shift() ?? Infinity));
    }
  });
  const end = () => {
    total.ended = true;
  };
  socket.on('error', end).on('close', end);
  const timer = setInterval(() => {
    total.requests++;
    waiting.push(performance.now());
    socket.write(request);
  }, pauseMs);
  return {
    stop: () => clearInterval(timer),
    total: () => ({ ...total }),
    close: () => {
      clearInterval(timer);
      socket.destroy();
    },
  };
};

/** Adds listeners one by one, each of which must serve, and removes them one by one. */
const addAndRemove = async (server: Server, listeners: number, signal: AbortSignal): Promise<void> => {
  const others: Exposed[] = [];
  while (others.length < listeners) others.push(await expose(server, { count: 1, signal }));
  for (const other of others) await unexpose(server, other);
};

/** Holds a connection through one listener while 50 others come and go. */
export const measureHeldConnection = async (server: Server, { quick, signal }: BenchContext): Promise<Held> => {
  const listeners = quick ? 5 : 50;
  const own = await expose(server, { count: 1, signal });
  const [exposure] = own.exposures;
  if (!exposure) throw new Error('no listener to hold a connection through');
  const connection = holdConnection(targetOf(server, exposure));
  try {
    await addAndRemove(server, listeners, signal);
    connection.stop();
    await pause(1_000); // for the last answers
    return { listeners, ...connection.total() };
  } finally {
    connection.close();
    await unexpose(server, own);
  }
};
