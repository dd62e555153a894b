import type { Socket } from 'node:net';
import { findProbeAnswer, probePath, probePrefix } from './probe.ts';

/** If the client sends nothing for this long, assume a protocol in which the server speaks first. */
const longestSilenceMs = 2_000;
const longestHeadBytes = 8_192;

/** Undefined for anything but a probe; `more` while that cannot be decided yet. */
const judgeHead = (head: Buffer, secret: string): { readonly answer: string } | 'more' | undefined => {
  if (!probePrefix.startsWith(head.toString('latin1', 0, probePrefix.length))) return undefined;
  const text = head.toString('latin1');
  if (!text.includes('\r\n\r\n') && head.length < longestHeadBytes) return 'more';
  const answer = findProbeAnswer(text, secret);
  return answer === undefined ? undefined : { answer };
};

/** By any method, with a query or without: ngrok lets anyone ask for that path. */
const question = new RegExp(`^[A-Z]+ ${probePath.replaceAll('.', '\\.')}[ ?]`);

/** Whether a connection begins with a request for the path of probes, answered or not. */
export const isQuestion = (head: Buffer): boolean => question.test(head.toString('latin1', 0, 100));

const respond = (client: Socket, answer: string): void => {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${answer.length}\r\n`;
  client.end(`${head}cache-control: no-store\r\nconnection: close\r\n\r\n${answer}`);
};

type ProbeOptions = {
  readonly secret: string;
  readonly silenceMs?: number | undefined;
  /** Called before a probe is answered. */
  readonly onProbe?: (client: Socket) => Promise<void>;
};

/**
 * Reads the first bytes of a new connection. Answers a liveness probe; any other connection is passed to `onOther`,
 * paused, with what was read of it.
 */
export const answerProbe = (
  client: Socket,
  { secret, silenceMs = longestSilenceMs, onProbe = async () => undefined }: ProbeOptions,
  onOther: (head: Buffer) => void,
): void => {
  let head: Buffer = Buffer.alloc(0);
  const leave = (): void => {
    clearTimeout(timer);
    client.off('data', onData).off('end', decide).off('close', leave);
  };
  const decide = (): void => {
    leave();
    client.pause();
    onOther(head);
  };
  const onData = (chunk: Buffer): void => {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    const verdict = judgeHead(head, secret);
    if (verdict === undefined) decide();
    if (typeof verdict !== 'object') return;
    leave();
    client.resume();
    void onProbe(client).finally(() => respond(client, verdict.answer));
  };
  const timer = setTimeout(decide, silenceMs);
  client.on('data', onData).on('end', decide).on('close', leave);
};

/** Copies one way with backpressure, then the end. Chunks that `isHandled` answers itself are not copied. */
const pipeOneWay = (from: Socket, to: Socket, isHandled?: (chunk: Buffer) => boolean): void => {
  from.on('data', (chunk: Buffer) => {
    if (isHandled?.(chunk) || to.write(chunk)) return;
    from.pause();
    to.once('drain', () => from.resume());
  });
  if (from.readableEnded) to.end();
  else from.on('end', () => to.end());
  from.resume();
};

/** Resets the other side after a failure: a clean end would look like a complete answer. */
const propagateFailure = (one: Socket, other: Socket): void => {
  one.on('error', () => void other.resetAndDestroy());
  one.on('close', () => {
    // an orderly end may leave bytes that are still on their way to the other side
    if (!other.readableEnded || !other.writableEnded) other.destroy();
  });
};

/** Copies between two connections, each way with its own end, until both are closed. Tested in test/tunnel/relay/relay.test.ts. */
export const pipeBoth = (client: Socket, master: Socket, { head, secret }: { head: Buffer; secret: string }): void => {
  propagateFailure(client, master);
  propagateFailure(master, client);
  if (head.length > 0) master.write(head);
  // an HTTP proxy may send a probe on a connection that it used for the master before
  const isProbe = (chunk: Buffer): boolean => {
    const verdict = judgeHead(chunk, secret);
    if (typeof verdict !== 'object') return false;
    respond(client, verdict.answer);
    return true;
  };
  pipeOneWay(client, master, isProbe);
  pipeOneWay(master, client);
};
