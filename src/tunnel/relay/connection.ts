import type { Socket } from 'node:net';
import { findProbeAnswer, probePrefix } from './probe.ts';

/** Who opens a connection and says nothing for so long waits for the master to speak first. */
const longestSilenceMs = 2_000;
const longestHeadBytes = 8_192;

const isProbePrefix = (head: Buffer): boolean => {
  const length = Math.min(head.length, probePrefix.length);
  return head.toString('latin1', 0, length) === probePrefix.slice(0, length);
};

/** Undefined for what is no question to us; `more` while that cannot be told yet. */
const judgeHead = (head: Buffer, secret: string): { readonly answer: string } | 'more' | undefined => {
  if (!isProbePrefix(head)) return undefined;
  const text = head.toString('latin1');
  if (!text.includes('\r\n\r\n') && head.length < longestHeadBytes) return 'more';
  const answer = findProbeAnswer(text, secret);
  return answer === undefined ? undefined : { answer };
};

const respond = (client: Socket, answer: string): void => {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${answer.length}\r\n`;
  client.end(`${head}cache-control: no-store\r\nconnection: close\r\n\r\n${answer}`);
};

type Greeting = { readonly secret: string; readonly silenceMs?: number | undefined };
type PassOn = (head: Buffer) => void;

/**
 * Reads from a new connection until it is clear what it wants. Answers a question of liveness; anything else is passed
 * on, paused, with what was read of it so far.
 */
export const greet = (client: Socket, { secret, silenceMs = longestSilenceMs }: Greeting, passOn: PassOn): void => {
  let head: Buffer = Buffer.alloc(0);
  const leave = (): void => {
    clearTimeout(timer);
    client.off('data', onData).off('end', decide).off('close', leave);
  };
  const decide = (): void => {
    leave();
    client.pause();
    passOn(head);
  };
  const onData = (chunk: Buffer): void => {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    const verdict = judgeHead(head, secret);
    if (verdict === undefined) decide();
    if (typeof verdict !== 'object') return;
    leave();
    client.resume();
    respond(client, verdict.answer);
  };
  const timer = setTimeout(decide, silenceMs);
  client.on('data', onData).on('end', decide).on('close', leave);
};

/** Carries bytes one way: waits for who is slow, passes the end on. What `isTaken` takes is not carried. */
const carry = (from: Socket, to: Socket, isTaken?: (chunk: Buffer) => boolean): void => {
  from.on('data', (chunk: Buffer) => {
    if (isTaken?.(chunk) || to.write(chunk)) return;
    from.pause();
    to.once('drain', () => from.resume());
  });
  if (from.readableEnded) to.end();
  else from.on('end', () => to.end());
  from.resume();
};

/** An end that was cut is cut on the other side too: a clean end would pass for a whole answer. */
const tie = (one: Socket, other: Socket): void => {
  one.on('error', () => void other.resetAndDestroy());
  one.on('close', () => {
    // an orderly end may leave bytes that are still on their way to the other side
    if (!other.readableEnded || !other.writableEnded) other.destroy();
  });
};

/** Carries bytes between two connections, each way with its own end, until both are closed. */
export const join = (client: Socket, master: Socket, { head, secret }: { head: Buffer; secret: string }): void => {
  tie(client, master);
  tie(master, client);
  if (head.length > 0) master.write(head);
  // who forwards HTTP may send a question on a connection that was the master's before
  const isQuestion = (chunk: Buffer): boolean => {
    const verdict = judgeHead(chunk, secret);
    if (typeof verdict !== 'object') return false;
    respond(client, verdict.answer);
    return true;
  };
  carry(client, master, isQuestion);
  carry(master, client);
};
