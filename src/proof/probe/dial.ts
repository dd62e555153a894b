import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type ConnectFailure, connectFailureOf } from '../../lib/connect-failure.ts';
import { hostAndPort } from '../../lib/host-and-port.ts';

export type HostPort = { readonly host: string; readonly port: number };

/** With the address of this host that the connection comes from. */
export type DialTarget = HostPort & { readonly localAddress?: string };

/** Why there was no answer. `closed`: accepted, then closed without a byte. `silent`: accepted, then nothing. */
export type DialFailure = ConnectFailure | 'closed' | 'silent' | 'wrong';

export type DialResult =
  | { readonly outcome: 'answered'; readonly connectMs: number; readonly latencyMs: number; readonly answer: string }
  | { readonly outcome: DialFailure; readonly seen: string };

const longestAnswer = 1_000_000;

const closedCodes: readonly (string | undefined)[] = ['ECONNRESET', 'EPIPE'];

const since = (startMs: number): number => Math.round((performance.now() - startMs) * 10) / 10;

const failed = (error: NodeJS.ErrnoException, connected: boolean): DialResult => ({
  outcome: connected || closedCodes.includes(error.code) ? 'closed' : (connectFailureOf(error) ?? 'refused'),
  seen: error.message,
});

const collect = (socket: Socket, target: HostPort, timeoutMs: number): Promise<DialResult> =>
  new Promise((resolve) => {
    const startMs = performance.now();
    let connectMs: number | undefined;
    let answer = '';
    const end = (dialed: DialResult) => {
      socket.destroy();
      clearTimeout(timer);
      resolve(dialed);
    };
    const timer = setTimeout(() => {
      const connected = connectMs !== undefined;
      const seen = connected ? `connected, but silent for ${timeoutMs} ms` : `no answer within ${timeoutMs} ms`;
      end({ outcome: connected ? 'silent' : 'timeout', seen: `${hostAndPort(target)}: ${seen}` });
    }, timeoutMs);
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
      if (answer.length <= longestAnswer) return;
      end({ outcome: 'wrong', seen: `${hostAndPort(target)}: sent more than ${longestAnswer} characters` });
    });
    socket.on('connect', () => {
      connectMs = since(startMs);
    });
    socket.on('error', (error) => end(failed(error, connectMs !== undefined)));
    socket.on('end', () => {
      if (answer === '')
        end({ outcome: 'closed', seen: `${hostAndPort(target)}: connected, then closed without a byte` });
      else end({ outcome: 'answered', connectMs: connectMs ?? 0, latencyMs: since(startMs), answer });
    });
  });

/** Connects, sends `request` if there is one, and reads until the other side closes. Times are in milliseconds. */
export const dialTcp = (target: DialTarget, timeoutMs: number, request?: string): Promise<DialResult> => {
  const socket = connect(target);
  if (request) socket.write(request);
  return collect(socket, target, timeoutMs);
};

/**
 * One HTTP GET on its own connection; the answer is the body of a 200, anything else is `wrong`. HTTP/1.0 makes the server
 * close the connection after the answer, and not chunk it.
 */
export const dialHttp = async (target: HostPort, timeoutMs: number, path: string): Promise<DialResult> => {
  const request = `GET ${path} HTTP/1.0\r\nHost: ${hostAndPort(target)}\r\n\r\n`;
  const dialed = await dialTcp(target, timeoutMs, request);
  if (dialed.outcome !== 'answered') return dialed;
  const [head = '', ...body] = dialed.answer.split('\r\n\r\n');
  const [status = ''] = head.split('\r\n');
  if (!/^HTTP\/1\.\d 200/.test(status)) return { outcome: 'wrong', seen: `answered ${JSON.stringify(status)}` };
  return { ...dialed, answer: body.join('\r\n\r\n') };
};

/** The result if it is the wanted answer, otherwise `wrong` with the answer that came. */
export const expectAnswer = (dialed: DialResult, wanted: string): DialResult =>
  dialed.outcome !== 'answered' || dialed.answer === wanted
    ? dialed
    : { outcome: 'wrong', seen: `answered ${JSON.stringify(dialed.answer.slice(0, 80))}, not the nonce` };

export type Attempts = {
  readonly pauseMs: number;
  /** Ends the attempts with the last outcome. */
  readonly until: AbortSignal;
  /** Ends them by throwing its reason. */
  readonly signal?: AbortSignal;
};

/** Retries until an answer or the end, and returns the last outcome. Throws the reason of an abort. */
export const untilAnswered = async <T extends { readonly outcome: string }>(
  dial: () => Promise<T>,
  { pauseMs, until, signal }: Attempts,
): Promise<T> => {
  for (;;) {
    const dialed = await dial();
    signal?.throwIfAborted();
    if (dialed.outcome === 'answered' || until.aborted) return dialed;
    await pause(pauseMs);
  }
};
