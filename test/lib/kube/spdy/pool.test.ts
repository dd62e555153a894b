import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { dataHead, frameReader } from '../../../../src/lib/kube/spdy/frames.ts';
import { makePool } from '../../../../src/lib/kube/spdy/pool.ts';
import { UpgradeRefused } from '../../../../src/lib/kube/spdy/session.ts';

const uint32 = (value: number): Buffer => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value]);

/** Takes every stream that it sees a byte of; `end` ends the pod's side of the last one. */
const startKubelet = async (status = 101) => {
  const sockets: Socket[] = [];
  const server = createServer();
  server.on('upgrade', (_, stream: Duplex) => {
    const socket = stream as Socket;
    sockets.push(socket.on('error', () => undefined));
    if (status !== 101) return socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n\r\n');
    let id = 3;
    socket.on(
      'data',
      frameReader((frame) => {
        // two streams are opened for a connection; the reader of a client does not tell what they are
        if (frame.kind !== 'other' || (opened.count++ & 1) === 0) return;
        socket.write(Buffer.concat([Buffer.from([0x80, 3, 0, 2, 0, 0, 0, 4]), uint32(id)]));
        opened.last = { socket, id };
        id += 4;
      }),
    );
    return undefined;
  });
  const opened: { count: number; last?: { socket: Socket; id: number } } = { count: 0 };
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/portforward`;
  const end = () => {
    const { socket, id } = opened.last ?? {};
    for (const stream of [id ?? 0, (id ?? 0) - 2]) socket?.write(dataHead(stream, 0, true));
  };
  return { sockets, end, target: { url, options: async () => ({}) } };
};

const untilEnded = async (stream: Duplex): Promise<void> => {
  stream.resume();
  await once(stream, 'end');
};

test('a connection that has ended is carried on by the next one', async () => {
  const { sockets, end, target } = await startKubelet();
  const open = makePool();
  for (let round = 0; round < 3; round++) {
    const stream = await open(target, 28_000);
    end();
    await untilEnded(stream);
  }
  expect(sockets).toHaveLength(1);
});

test('two at once have two', async () => {
  const { sockets, target } = await startKubelet();
  const open = makePool();
  const both = [await open(target, 28_000), await open(target, 28_001)];
  expect(sockets).toHaveLength(2);
  for (const stream of both) stream.destroy();
});

test('one that was closed while nobody used it is replaced', async () => {
  const { sockets, end, target } = await startKubelet();
  const open = makePool();
  const stream = await open(target, 28_000);
  end();
  await untilEnded(stream);
  sockets[0]?.resetAndDestroy();
  await open(target, 28_000);
  expect(sockets).toHaveLength(2);
});

test('a server that does not know SPDY says so', async () => {
  const { target } = await startKubelet(403);
  await expect(makePool()(target, 1)).rejects.toThrow(new UpgradeRefused(403));
});
