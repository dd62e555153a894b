import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { makeProbe } from '../../../src/tunnel/relay/probe.ts';
import { type RelayOptions, startRelay } from '../../../src/tunnel/relay/relay.ts';
import { dial, exchange, freePort, serveTcp } from '../../support/tunnel/sockets.ts';

const secret = 's3cret';

const relayTo = async (port: number, more: Partial<RelayOptions> = {}) => {
  const relay = await startRelay({ target: { host: '127.0.0.1', port }, secret, ...more });
  onTestFinished(relay.close);
  return relay;
};

/** A relay to a master that does this with each connection. */
const relayToMaster = async (onConnection: (socket: Socket) => void, more?: Partial<RelayOptions>) =>
  relayTo((await serveTcp(onConnection)).port, more);

const echo = (socket: Socket): void => {
  socket.pipe(socket);
};

const question = (head = '', nonce?: string) => {
  const { path, answer } = makeProbe(secret, nonce);
  return { request: `GET ${path} HTTP/1.1\r\nhost: x\r\n${head}\r\n`, answer };
};

test('answers a question itself, whether or not a master listens', async () => {
  const relay = await relayTo(await freePort());
  const { request, answer } = question();
  const got = await exchange(relay.port, request);
  expect(got).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(got.endsWith(`\r\n\r\n${answer}`)).toBe(true);
  expect(relay.trouble()).toBeUndefined();
});

test('knows a question that comes in pieces', async () => {
  const relay = await relayTo(await freePort());
  const { request, answer } = question();
  const client = dial(relay.port);
  client.setNoDelay(true);
  for (const piece of [request.slice(0, 3), request.slice(3, 40), request.slice(40)]) {
    client.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await text(client)).toContain(answer);
});

test.each([
  ['one with another secret', `GET ${makeProbe('other').path} HTTP/1.1\r\n\r\n`],
  ['one without a signature', 'GET /.taskgate/probe?nonce=00 HTTP/1.1\r\n\r\n'],
  ['one that never ends', `GET /.taskgate/probe?${'x'.repeat(10_000)}`],
  ['its beginning, then the end', 'GET /.task'],
  ['another path', 'GET /info HTTP/1.1\r\n\r\n'],
  ['no HTTP at all', Buffer.from([22, 3, 1, 0, 255]).toString('latin1')],
  ['nothing', ''],
])("what is no question of ours is the master's: %s", async (_, sent) => {
  const relay = await relayToMaster(echo);
  expect(await exchange(relay.port, sent)).toBe(sent);
});

test('answers a question on a connection that carried requests for the master before', async () => {
  const relay = await relayToMaster((socket) => socket.on('data', () => socket.write('from the master')));
  const client = dial(relay.port);
  client.write('GET /info HTTP/1.1\r\n\r\n');
  expect(String((await once(client, 'data'))[0])).toBe('from the master');
  const { request, answer } = question();
  client.write(request);
  expect(await text(client)).toContain(answer);
});

test('a master that speaks first is heard', async () => {
  const relay = await relayToMaster((socket) => socket.end('welcome'), { silenceMs: 50 });
  expect(await text(dial(relay.port))).toBe('welcome');
});

test('each side may end for itself', async () => {
  const relay = await relayToMaster(async (socket) => {
    const sent = await text(socket);
    socket.end(`heard ${sent.length}`);
  });
  expect(await exchange(relay.port, 'x'.repeat(100_000))).toBe('heard 100000');
});

test('200 connections side by side, 16 MiB each way without loss, and slow readers make it wait', async () => {
  const relay = await relayToMaster(echo);
  const many = Array.from({ length: 200 }, async (_, index) => exchange(relay.port, `${index} `.repeat(2_000)));
  const big = randomBytes(16 * 1024 * 1024);
  const client = dial(relay.port);
  client.end(big);
  client.pause();
  const results = await Promise.all(many);
  const got = await buffer(client);
  expect(results.every((result, index) => result === `${index} `.repeat(2_000))).toBe(true);
  expect(got.equals(big)).toBe(true);
  await expect.poll(relay.connections).toBe(0);
});

test('a connection that is cut is cut on the other side, not ended', async () => {
  const relay = await relayToMaster((socket) => socket.once('data', () => socket.resetAndDestroy()));
  await expect(exchange(relay.port, 'POST / HTTP/1.1\r\n\r\n')).rejects.toMatchObject({ code: 'ECONNRESET' });
  const masters: Socket[] = [];
  const cut = await relayToMaster((socket) => masters.push(socket));
  const client = dial(cut.port);
  client.write('hello');
  await expect.poll(() => masters.length).toBe(1);
  const ended = Promise.withResolvers<unknown>();
  masters[0]?.on('error', ended.resolve).resume();
  client.resetAndDestroy();
  expect(await ended.promise).toMatchObject({ code: 'ECONNRESET' });
});

test('says where nothing listens, until it does', async () => {
  const port = await freePort();
  const relay = await relayTo(port);
  await expect(exchange(relay.port, 'GET / HTTP/1.1\r\n\r\n')).rejects.toMatchObject({ code: 'ECONNRESET' });
  const expected = `cannot connect to the master on 127.0.0.1:${port} (connect ECONNREFUSED 127.0.0.1:${port})`;
  expect(relay.trouble()).toBe(expected);
  expect(await relay.checkTarget()).toBe(expected);
  const { server } = await serveTcp(echo);
  server.close();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  expect(await relay.checkTarget()).toBeUndefined();
  expect(await exchange(relay.port, 'GET /')).toBe('GET /');
});

test('a client that gives up while the master is dialed leaves nothing behind', async () => {
  const relay = await relayToMaster(echo);
  const clients = Array.from({ length: 50 }, () => dial(relay.port));
  for (const client of clients) client.write('x', () => client.resetAndDestroy());
  await expect.poll(relay.connections).toBe(0);
});
