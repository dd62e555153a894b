import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import type { HostPort } from '../../../proof/probe/dial.ts';

/** How a held connection asks, and what must come back. */
export type Dialogue = {
  readonly request: (number: number) => string;
  readonly answer: (number: number) => string;
};

export type HeldTotal = {
  readonly asked: number;
  readonly answered: number;
  /** Bytes of answers that did not come back as they were sent. */
  readonly lostBytes: number;
  readonly longestAnswerMs: number;
  /** Why it ended early. */
  readonly failure?: string;
};

/** A TCP connection that speaks all the time. */
export type Held = {
  readonly answered: () => number;
  /** Asks no more, waits for the answers that are owed, closes, and tells. */
  readonly finish: (patienceMs: number) => Promise<HeldTotal>;
};

/** A kilobyte that only this number has. */
const numbered = (number: number): string =>
  `${number}.${createHash('sha256').update(String(number)).digest('hex').repeat(16)}`;

const dialogueAt = (path: string): Dialogue => ({
  request: (number) => `GET ${path}${numbered(number)} HTTP/1.1\r\nHost: held\r\n\r\n`,
  answer: numbered,
});

/** With the echo of a sample task (agnhost netexec): a kilobyte each way. */
export const echoDialogue: Dialogue = dialogueAt('/echo?msg=');

/** With a placeholder master, which gives back the nonce: a kilobyte each way. */
export const masterDialogue: Dialogue = dialogueAt('/info?nonce=');

const askPauseMs = 50;
/** What may stand around an answer: its own head, and no more. */
const longestHead = 4_096;

/** Takes answers out of a stream that is cut anywhere, one after the other, byte for byte. */
export const makeReader = ({ answer }: Dialogue): ((text: string) => number) => {
  let rest = '';
  let next = 0;
  return (text) => {
    rest += text;
    for (;;) {
      const wanted = answer(next);
      const at = rest.indexOf(wanted);
      if (at < 0 || at > longestHead) return next;
      rest = rest.slice(at + wanted.length);
      next++;
    }
  };
};

/** Opens a connection that sends a numbered question every 50 ms, and compares each answer byte by byte. */
export const holdConnection = (target: HostPort, dialogue: Dialogue): Held => {
  const socket = connect({ ...target, noDelay: true }).setEncoding('latin1');
  const read = makeReader(dialogue);
  const askedAt: number[] = [];
  let [answered, longestAnswerMs, failure]: [number, number, string | undefined] = [0, 0, undefined];
  let isFinishing = false;
  const done = Promise.withResolvers<void>();
  const fail = (why: string): void => {
    failure ??= why;
    clearInterval(asking);
    done.resolve();
  };
  const asking = setInterval(() => {
    if (socket.connecting) return;
    socket.write(dialogue.request(askedAt.length));
    askedAt.push(performance.now());
  }, askPauseMs);
  socket.on('data', (text: string) => {
    const now = performance.now();
    for (const upTo = read(text); answered < upTo; answered++) {
      longestAnswerMs = Math.max(longestAnswerMs, now - (askedAt[answered] ?? now));
    }
    if (isFinishing && answered >= askedAt.length) done.resolve();
  });
  socket.on('error', ({ message }) => fail(message)).on('close', () => fail('it was closed'));
  const lostBytes = (): number =>
    askedAt.slice(answered).reduce((sum, _, index) => sum + dialogue.answer(answered + index).length, 0);
  return {
    answered: () => answered,
    finish: async (patienceMs) => {
      clearInterval(asking);
      isFinishing = true;
      if (answered >= askedAt.length) done.resolve();
      const late = setTimeout(done.resolve, patienceMs);
      await done.promise;
      clearTimeout(late);
      const ended = failure;
      socket.destroy();
      const total = { asked: askedAt.length, answered, lostBytes: lostBytes() };
      return { ...total, longestAnswerMs: Math.round(longestAnswerMs), ...(ended !== undefined && { failure: ended }) };
    },
  };
};
