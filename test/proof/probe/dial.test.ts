import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dialHttp, dialTcp, expectAnswer, untilAnswered } from '../../../src/proof/probe/dial.ts';
import { reverseTries } from '../../../src/proof/probe/reverse.ts';
import { freePort, httpServer, tcpServer } from '../../support/proof/local-path.ts';
import { unknownHost } from '../../support/tunnel/unknown-host.ts';

const host = '127.0.0.1';

test('reads what a plain TCP server says first, with times', async () => {
  await using server = await tcpServer((socket) => socket.end('the-secret'));
  const dialed = await dialTcp({ host, port: server.port }, 1_000);
  expect(dialed).toMatchObject({ outcome: 'answered', answer: 'the-secret' });
  if (dialed.outcome !== 'answered') throw new Error('not answered');
  expect(dialed.connectMs).toBeLessThanOrEqual(dialed.latencyMs);
});

test('reads the body of an HTTP 200 only', async () => {
  await using good = await httpServer('hello');
  await using bad = await httpServer('no', { status: 404 });
  expect(await dialHttp({ host, port: good.port }, 1_000, '/echo')).toMatchObject({ answer: 'hello' });
  expect(await dialHttp({ host, port: bad.port }, 1_000, '/')).toEqual({
    outcome: 'wrong',
    seen: 'answered "HTTP/1.1 404 Not Found"',
  });
});

test.each([
  ['closed', (socket: { end: () => void }) => socket.end()],
  ['closed', (socket: { resetAndDestroy: () => void }) => socket.resetAndDestroy()],
  ['silent', () => undefined],
] as const)('tells an accepted connection that is %s', async (outcome, talk) => {
  await using server = await tcpServer(talk as never);
  expect(await dialTcp({ host, port: server.port }, 200)).toMatchObject({ outcome });
});

test('tells a refused connection and a name that does not resolve', async () => {
  expect(await dialTcp({ host, port: await freePort() }, 500)).toMatchObject({ outcome: 'refused' });
  expect(await dialTcp({ host: unknownHost, port: 1 }, 4_000)).toMatchObject({ outcome: 'unresolved' });
});

const answered = (answer: string) => ({ outcome: 'answered', answer, connectMs: 1, latencyMs: 2 }) as const;

test('the nonce alone is the answer', () => {
  expect(expectAnswer(answered('n0nce'), 'n0nce')).toEqual(answered('n0nce'));
});

test.each([
  ...['old', '', 'n0nc', '0nce', 'N0NCE', 'n0nce\n', ' n0nce', 'n0ncen0nce'],
  // servers that say what they were asked
  ...['/echo?nonce=n0nce', 'not found: n0nce', '{"msg":"n0nce"}'],
])('another answer than the nonce is wrong: %j', (answer) => {
  expect(expectAnswer(answered(answer), 'n0nce')).toEqual({
    outcome: 'wrong',
    seen: `answered ${JSON.stringify(answer)}, not the nonce`,
  });
});

test('dials until the first answer, or gives the last outcome at the end', async () => {
  let count = 0;
  const dial = async () => ({ outcome: ++count < 3 ? 'refused' : 'answered' });
  const forever = new AbortController().signal;
  expect(await untilAnswered(dial, { pauseMs: 1, until: forever })).toEqual({ outcome: 'answered' });
  expect(count).toBe(3);
  const refused = async () => ({ outcome: 'refused' });
  expect(await untilAnswered(refused, { pauseMs: 1, until: AbortSignal.timeout(20) })).toEqual({ outcome: 'refused' });
});

test('an answer is asked for once; one that fails, at most once each pause', async () => {
  let count = 0;
  const answering = async () => ({ outcome: count++ < 1 ? 'answered' : 'refused' });
  const forever = new AbortController().signal;
  await untilAnswered(answering, { pauseMs: 1, until: forever });
  expect(count).toBe(1);
  count = 1;
  await untilAnswered(answering, { pauseMs: 50, until: AbortSignal.timeout(200) });
  expect(count - 1).toBeLessThanOrEqual(200 / 50 + 2);
});

test("the document of ngrok says how many requests of an account's month a proof may take", async () => {
  const { pauseMs, forMs } = reverseTries;
  const text = await readFile(join(import.meta.dirname, '..', '..', '..', 'docs', 'way-back-ngrok.md'), 'utf8');
  expect(text).toContain(`for each try that fails, at most ${Math.ceil(forMs / pauseMs) + 2} in ${forMs / 1_000} s`);
});

test('an abort throws its reason', async () => {
  const stop = new AbortController();
  const dial = async () => {
    stop.abort(new Error('interrupted'));
    return { outcome: 'refused' };
  };
  const until = new AbortController().signal;
  await expect(untilAnswered(dial, { pauseMs: 1, until, signal: stop.signal })).rejects.toThrow('interrupted');
});
