import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openConnection } from '../../../src/lib/http/proxied.ts';
import { startProxy, startSilentServer } from '../../support/proxy.ts';

const listen = async (onSocket: (socket: Socket) => void): Promise<number> => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
};

const echo = () => listen((socket) => void socket.pipe(socket));

const sayHello = async (socket: Socket): Promise<string> => {
  socket.write('hello');
  const [answer] = await once(socket, 'data');
  socket.destroy();
  return String(answer);
};

type Socks = { readonly seen: string[]; readonly port: number };

/**
 * A SOCKS5 proxy (RFC 1928, 1929) of our own that leads every name to this host; it wants `me:s` where `wantsUser`, and
 * answers byte by byte.
 */
const startSocks = async (options: { readonly wantsUser?: boolean; readonly reply?: number } = {}): Promise<Socks> => {
  const { wantsUser = false, reply = 0 } = options;
  const seen: string[] = [];
  const port = await listen((socket) => {
    const say = (bytes: readonly number[]) => {
      for (const byte of bytes) socket.write(Buffer.from([byte]));
    };
    const takeRequest = (bytes: Buffer) => {
      const [, , , type = 0, length = 0] = bytes;
      const host = type === 3 ? bytes.subarray(5, 5 + length).toString() : bytes.subarray(4, 8).join('.');
      const to = bytes.readUInt16BE(bytes.length - 2);
      seen.push(`${type} ${host}:${to}`);
      say([5, reply, 0, 3, 4, 1, 2, 3, 4, 0, 80]);
      if (reply !== 0) return;
      const upstream = connect(to, '127.0.0.1');
      upstream.on('error', () => undefined);
      socket.pipe(upstream).pipe(socket);
    };
    const takeUser = (bytes: Buffer) => {
      seen.push(
        bytes
          .toString('latin1')
          .replace(/[^a-z]+/g, ' ')
          .trim(),
      );
      say([1, bytes.includes('s') ? 0 : 1]);
      socket.once('data', takeRequest);
    };
    socket.once('data', (greeting: Buffer) => {
      const offersUser = greeting.includes(2, 2);
      say([5, wantsUser ? (offersUser ? 2 : 0xff) : 0]);
      socket.once('data', wantsUser ? takeUser : takeRequest);
    });
  });
  return { seen, port };
};

const timeoutMs = 2_000;

test('a connection goes straight to its endpoint', async () => {
  const endpoint = { host: '127.0.0.1', port: await echo() };
  expect(await sayHello(await openConnection({ endpoint, timeoutMs }))).toBe('hello');
});

test('an HTTP proxy gets the name, not an address', async () => {
  const port = await echo();
  const { asked, host } = await startProxy();
  const way = { endpoint: { host: 'api.example', port }, proxy: new URL(`http://me:p%40ss@${host}`), timeoutMs };
  expect(await sayHello(await openConnection(way))).toBe('hello');
  expect(asked).toEqual([`api.example:${port} me:p@ss`]);
});

test('a SOCKS5 proxy gets the name or the address, and a user if it wants one', async () => {
  const port = await echo();
  const open = await startSocks();
  for (const host of ['api.example', '10.1.2.3']) {
    const proxy = new URL(`socks5://127.0.0.1:${open.port}`);
    expect(await sayHello(await openConnection({ endpoint: { host, port }, proxy, timeoutMs }))).toBe('hello');
  }
  expect(open.seen).toEqual([`3 api.example:${port}`, `1 10.1.2.3:${port}`]);
  const closed = await startSocks({ wantsUser: true });
  const proxy = new URL(`socks5h://me:s@127.0.0.1:${closed.port}`);
  expect(await sayHello(await openConnection({ endpoint: { host: 'a', port }, proxy, timeoutMs }))).toBe('hello');
  expect(closed.seen).toEqual(['me s', `3 a:${port}`]);
});

const endpoint = { host: 'api.example', port: 6443 };

test.each<[string, () => Promise<string>, string]>([
  ['rules', async () => `socks5://127.0.0.1:${(await startSocks({ reply: 2 })).port}`, 'its rules forbid it'],
  [
    'no user',
    async () => `socks5://127.0.0.1:${(await startSocks({ wantsUser: true })).port}`,
    'wants another sign-in',
  ],
  [
    'a wrong password',
    async () => `socks5://me:x@127.0.0.1:${(await startSocks({ wantsUser: true })).port}`,
    'it does not take the user and password',
  ],
  ['another protocol', async () => `socks5://127.0.0.1:${await echo()}`, ''],
  ['nobody', async () => 'socks5://127.0.0.1:1', 'connect ECONNREFUSED 127.0.0.1:1'],
  ['its end', async () => `socks5://127.0.0.1:${await listen((socket) => socket.end())}`, 'it ends the connection'],
  [
    'HTTP 403',
    async () => `http://127.0.0.1:${await listen((socket) => void socket.end('HTTP/1.1 403 No\r\n\r\n'))}`,
    'it answers with HTTP 403',
  ],
])('a proxy that fails by %s is named, without its password', async (_, proxyOf, reason) => {
  const proxy = new URL(await proxyOf());
  const place = `${proxy.protocol}//${proxy.host}`;
  await expect(openConnection({ endpoint, proxy, timeoutMs })).rejects.toMatchObject({
    name: 'ProxyError',
    message: expect.stringContaining(`the proxy ${place} makes no connection: `),
  });
  await expect(openConnection({ endpoint, proxy, timeoutMs })).rejects.toThrow(reason);
});

test.each([
  'http',
  'socks5',
])('a proxy (%s) that never answers is given up, and its connection closed', async (kind) => {
  const silent = await startSilentServer();
  const proxy = new URL(`${kind}://${silent.host}`);
  await expect(openConnection({ endpoint, proxy, timeoutMs: 200 })).rejects.toMatchObject({
    code: 'ETIMEDOUT',
    message: 'api.example:6443 does not answer within 0.2 s',
  });
  await silent.closed;
});
