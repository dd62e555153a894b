import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
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
  ['its beginning, then the end', 'GET /.task'],
  ['another path', 'GET /info HTTP/1.1\r\n\r\n'],
  ['no HTTP at all', Buffer.from([22, 3, 1, 0, 255]).toString('latin1')],
  ['nothing', ''],
])("what is no question of ours is the master's: %s", async (_, sent) => {
  const relay = await relayToMaster(echo);
  expect(await exchange(relay.port, sent)).toBe(sent);
});

test.each([
  ['another secret', `GET ${makeProbe('other').path} HTTP/1.1\r\n\r\n`],
  ['no signature', 'GET /.taskgate/probe?nonce=00 HTTP/1.1\r\n\r\n'],
  ['no end', `GET /.taskgate/probe?${'x'.repeat(10_000)}`],
  ['only a half, for 2 s', 'GET /.taskgate/probe?nonce='],
  ['another method', 'POST /.taskgate/probe HTTP/1.1\r\n\r\n'],
  ['no query', 'GET /.taskgate/probe HTTP/1.1\r\n\r\n'],
])('a question with %s is reset, and the master never sees it', async (_, sent) => {
  let seen = 0;
  const relay = await relayToMaster(() => seen++, { silenceMs: 50 });
  const client = dial(relay.port);
  client.write(sent);
  expect((await once(client, 'error'))[0]).toMatchObject({ code: 'ECONNRESET' });
  expect(seen).toBe(0);
});

describe('while it is closed to all but probes', () => {
  const closed: readonly [string, Partial<RelayOptions>][] = [
    ['until the end is proven private', { isOpen: () => false }],
    ['for who may not call', { admits: async () => false }],
  ];

  test.each(closed)('%s: a request is reset, a question answered', async (_, more) => {
    let seen = 0;
    const relay = await relayToMaster(() => seen++, more);
    const client = dial(relay.port);
    client.write('GET /info HTTP/1.1\r\n\r\n');
    expect((await once(client, 'error'))[0]).toMatchObject({ code: 'ECONNRESET' });
    const { request, answer } = question();
    expect(await exchange(relay.port, request)).toContain(answer);
    expect(seen).toBe(0);
  });

  test('who calls is told by the ports of the connection, and by what was read of it', async () => {
    const asked: unknown[] = [];
    const relay = await relayToMaster(echo, {
      admits: async ({ from, to }, head) => {
        asked.push([from > 0, to, head.toString()]);
        return true;
      },
    });
    expect(await exchange(relay.port, 'hello')).toBe('hello');
    expect(asked).toEqual([[true, relay.port, 'hello']]);
  });
});

test('a probe is answered while every connection is taken, and the oldest that said nothing goes first', async () => {
  const relay = await relayToMaster(echo, { limit: 3, silenceMs: 20 });
  const outcome = (socket: Socket) => once(socket, 'error').then(([{ code }]) => code);
  const silent = dial(relay.port);
  await expect.poll(relay.connections).toBe(1);
  const ended = outcome(silent);
  const talking = [];
  for (let made = 0; made < 3; made++) {
    const socket = dial(relay.port);
    socket.write('hello');
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    talking.push(socket);
  }
  expect(await ended).toBe('ECONNRESET');
  expect([relay.connections(), relay.limit]).toEqual([3, 3]);
  const last = dial(relay.port);
  last.write('hello');
  expect(await outcome(last)).toBe('ECONNRESET');
  const { request, answer } = question();
  expect(await exchange(relay.port, request)).toContain(answer);
  for (const socket of talking) expect(socket.destroyed).toBe(false);
});

test('a crowd that says nothing displaces nobody who talks, and no probe', async () => {
  const relay = await relayToMaster(echo, { limit: 4, silenceMs: 20 });
  const talking = dial(relay.port);
  talking.write('hello');
  await once(talking, 'data');
  const crowd = Array.from({ length: 60 }, () => dial(relay.port).on('error', () => undefined));
  await expect.poll(() => crowd.filter(({ destroyed }) => destroyed).length).toBeGreaterThanOrEqual(60 - 4);
  const { request, answer } = question();
  expect(await exchange(relay.port, request)).toContain(answer);
  talking.write('again');
  expect(String((await once(talking, 'data'))[0])).toBe('again');
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
