import { readFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { askTransport, askTransports } from '../../../src/proof/probe/transport.ts';

const fixture = (name: string): Buffer => readFileSync(join(import.meta.dirname, '../../fixtures', name));
const tls = { cert: fixture('localhost-cert.pem'), key: fixture('localhost-key.pem') };

const listen = async (server: Server) => {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
};

test.each([
  ['a server of TLS', 'tls', () => createHttps(tls)],
  ['one of TLS 1.2 only', 'tls', () => createHttps({ ...tls, maxVersion: 'TLSv1.2' })],
  ['one of TLS 1.3 only', 'tls', () => createHttps({ ...tls, minVersion: 'TLSv1.3' })],
  ['one that wants a certificate of the client', 'tls', () => createHttps({ ...tls, requestCert: true })],
  ['one that answers by an alert: it has no certificate', 'tls', () => createHttps({})],
  ['an sshd', 'ssh', () => createServer((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'))],
  ['a server of plain http', 'clear', () => createHttp()],
  ['one that speaks first', 'clear', () => createServer((socket) => socket.end('name\n'))],
  ['one that hangs up', 'silent', () => createServer((socket) => socket.destroy())],
  ['one that says nothing', 'silent', () => createServer()],
] as const)('%s: %s', async (_, transport, makeServer) => {
  expect(await askTransport(await listen(makeServer()), 300)).toBe(transport);
});

test('where nothing listens, there is silence at once', async () => {
  const startMs = performance.now();
  expect(await askTransport({ host: '127.0.0.1', port: 1 }, 5_000)).toBe('silent');
  expect(performance.now() - startMs).toBeLessThan(4_000);
});

test('many are asked a few at a time, and each answer is that of its target', async () => {
  let [now, most] = [0, 0];
  const count = (socket: Socket): void => {
    most = Math.max(most, ++now);
    socket.on('close', () => now--);
  };
  const plain = createHttp().on('connection', count);
  const secure = createHttps(tls).on('connection', count);
  const [clear, encrypted] = [await listen(plain), await listen(secure)];
  const targets = Array.from({ length: 40 }, (_, index) => (index % 3 === 0 ? encrypted : clear));
  const answers = await askTransports(targets, { timeoutMs: 5_000, atOnce: 4 });
  expect(answers).toEqual(targets.map((target) => (target === clear ? 'clear' : 'tls')));
  expect(most).toBeLessThanOrEqual(6);
});

test('nothing is asked of no listeners', async () => {
  expect(await askTransports([], { timeoutMs: 5_000, atOnce: 4 })).toEqual([]);
});
