import { createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import {
  echoDialogue,
  holdConnection,
  makeReader,
  masterDialogue,
} from '../../../../src/commands/chaos/traffic/held.ts';
import { freePort } from '../../../../src/lib/free-port.ts';
import { startPlaceholder } from '../../../../src/proof/probe/placeholder-master.ts';

const head = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n';
const answersUpTo = (count: number): string =>
  Array.from({ length: count }, (_, number) => head + echoDialogue.answer(number)).join('');

test('answers are counted wherever the stream is cut', () => {
  const read = makeReader(echoDialogue);
  const text = answersUpTo(3);
  const counts = [...text.matchAll(/[\s\S]{1,7}/g)].map(([part]) => read(part));
  expect([...new Set(counts)]).toEqual([0, 1, 2, 3]);
});

test.each([
  [
    'a byte that was changed',
    (text: string) => text.replace(echoDialogue.answer(1), `${echoDialogue.answer(1).slice(0, -1)}x`),
  ],
  [
    'a byte that is missing',
    (text: string) => text.replace(echoDialogue.answer(1), echoDialogue.answer(1).slice(0, -1)),
  ],
  ['an answer that is missing', (text: string) => text.replace(head + echoDialogue.answer(1), '')],
])('%s ends the count before it', (_, spoil) => {
  const text = answersUpTo(8);
  expect(makeReader(echoDialogue)(text)).toBe(8);
  expect(makeReader(echoDialogue)(spoil(text))).toBe(1);
});

test('the same answer twice counts once, and what follows counts', () => {
  const twice = answersUpTo(1) + answersUpTo(2).slice(0, (head + echoDialogue.answer(0)).length);
  expect(makeReader(echoDialogue)(twice)).toBe(1);
});

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server that answers each question by `answer`, as agnhost does. */
const serve = async (answer: (socket: Socket, asked: string) => void): Promise<number> => {
  const server = createServer((socket) => {
    let rest = '';
    socket.setEncoding('latin1').on('error', () => undefined);
    socket.on('data', (text: string) => {
      const parts = (rest + text).split('\r\n\r\n');
      rest = parts.pop() ?? '';
      for (const part of parts) answer(socket, /msg=(\S+)/.exec(part)?.[1] ?? '');
    });
    closing.push(() => socket.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closing.push(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
};

test('a connection that gets all its answers has lost nothing', async () => {
  const port = await serve((socket, asked) => socket.write(head + asked));
  const held = holdConnection({ host: '127.0.0.1', port }, echoDialogue);
  await expect.poll(held.answered).toBeGreaterThan(1);
  const total = await held.finish(5_000);
  expect(total).toMatchObject({ asked: total.answered, lostBytes: 0 });
  expect(total.failure).toBeUndefined();
});

test('one that is reset says so, and counts the bytes of the answers that it is owed', async () => {
  let seen = 0;
  const port = await serve((socket, asked) => (++seen < 3 ? socket.write(head + asked) : socket.resetAndDestroy()));
  const held = holdConnection({ host: '127.0.0.1', port }, echoDialogue);
  await expect.poll(held.answered).toBe(2);
  await expect.poll(() => seen).toBe(3);
  const total = await held.finish(5_000);
  expect(total.failure).toMatch(/ECONNRESET|EPIPE|closed/);
  expect(total.lostBytes).toBeGreaterThan(0);
});

test('one byte that is missing at the end is a loss', async () => {
  let last = '';
  const port = await serve((socket, asked) => {
    last = asked;
    socket.write(head + (asked.startsWith('2.') ? asked.slice(0, -1) : asked));
  });
  const held = holdConnection({ host: '127.0.0.1', port }, echoDialogue);
  await expect.poll(() => last).toMatch(/^2\./);
  expect((await held.finish(50)).lostBytes).toBeGreaterThan(0);
});

test('a placeholder master answers on a connection that is held', async () => {
  const target = { host: '127.0.0.1', port: await freePort() };
  const placeholder = await startPlaceholder(target);
  closing.push(() => void placeholder.close());
  const held = holdConnection(target, masterDialogue);
  await expect.poll(held.answered).toBeGreaterThan(2);
  const total = await held.finish(5_000);
  expect(total).toMatchObject({ asked: total.answered, lostBytes: 0 });
  expect(total.failure).toBeUndefined();
});
