import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { portForwarder } from '../../../src/lib/kube/port-forward.ts';

const pod = { namespace: 'projectcontour', pod: 'envoy-a', port: 28_000 };

const acceptKey = (key = ''): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

/** One unmasked frame (RFC 6455), as servers send them. */
const frame = (opcode: number, payload: Buffer): Buffer => {
  if (payload.length < 126) return Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), payload]);
  const head = Buffer.alloc(10);
  head.set([0x80 | opcode, 127]);
  head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
};

const binary = 2;
const closing = 8;

/** Where the mask of the frame at the beginning of `bytes` lies, and how long its payload is. */
const readHead = (bytes: Buffer): { readonly maskAt: number; readonly length: number } => {
  const short = (bytes[1] ?? 0) & 0x7f;
  if (short === 127) return { maskAt: 10, length: bytes.length < 10 ? 0 : Number(bytes.readBigUInt64BE(2)) };
  if (short === 126) return { maskAt: 4, length: bytes.length < 4 ? 0 : bytes.readUInt16BE(2) };
  return { maskAt: 2, length: short };
};

/** The masked frames in `bytes`, as clients send them, and what is left of it. */
const readFrames = (bytes: Buffer) => {
  const frames: { opcode: number; payload: Buffer }[] = [];
  let rest = bytes;
  for (;;) {
    const { maskAt, length } = readHead(rest);
    const start = maskAt + 4;
    if (rest.length < start + length) return { frames, rest };
    const mask = rest.subarray(maskAt, start);
    const payload = Buffer.from(rest.subarray(start, start + length).map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
    frames.push({ opcode: (rest[0] ?? 0) & 0xf, payload });
    rest = rest.subarray(start + length);
  }
};

type Kubelet = {
  readonly socket: Socket;
  readonly send: (channel: number, payload: Buffer | string) => boolean;
  readonly close: (code: number) => void;
  /** What the client has sent on the data channel. */
  readonly received: () => Buffer;
  readonly isAskedToClose: () => boolean;
};

const makeKubelet = (socket: Socket): Kubelet => {
  let [rest, received, isAsked]: [Buffer, Buffer[], boolean] = [Buffer.alloc(0), [], false];
  socket.on('error', () => undefined);
  socket.on('data', (bytes: Buffer) => {
    const read = readFrames(Buffer.concat([rest, bytes]));
    rest = read.rest;
    for (const { opcode, payload } of read.frames) {
      if (opcode === closing) isAsked = true;
      if (opcode === binary && payload[0] === 0) received.push(payload.subarray(1));
    }
  });
  const send = (channel: number, payload: Buffer | string) =>
    socket.write(frame(binary, Buffer.concat([Buffer.from([channel]), Buffer.from(payload as Buffer)])));
  const portOf = Buffer.from([pod.port & 0xff, pod.port >> 8]);
  send(0, portOf);
  send(1, portOf);
  return {
    socket,
    send,
    close: (code) => socket.end(frame(closing, Buffer.from([code >> 8, code & 0xff]))),
    received: () => Buffer.concat(received),
    isAskedToClose: () => isAsked,
  };
};

/** An API server that upgrades every port-forward, or refuses it with a status. */
const startServer = async (refusal?: string) => {
  const paths: string[] = [];
  const sockets = new Set<Socket>();
  const { promise: kubelet, resolve } = Promise.withResolvers<Kubelet>();
  const server = createServer();
  server.on('upgrade', ({ url, headers }, stream: Duplex) => {
    const socket = stream as Socket;
    sockets.add(socket);
    paths.push(url ?? '');
    if (refusal) return socket.end(`HTTP/1.1 ${refusal}\r\nContent-Length: 0\r\n\r\n`);
    const accept = acceptKey(headers['sec-websocket-key']);
    const protocol = 'Sec-WebSocket-Protocol: v4.channel.k8s.io';
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${protocol}\r\n\r\n`,
    );
    return resolve(makeKubelet(socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const cluster = {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    'insecure-skip-tls-verify': true,
  };
  const named = { name: 'x', cluster, user: {}, context: { cluster: 'x', user: 'x' } };
  const kubeconfig = { clusters: [named], users: [named], contexts: [named], 'current-context': 'x' };
  return { kubelet, paths, open: portForwarder(JSON.stringify(kubeconfig), 'x') };
};

const openOne = async () => {
  const { open, kubelet, paths } = await startServer();
  const stream = await open(pod);
  onTestFinished(() => void stream.destroy());
  return { stream, kubelet: await kubelet, paths };
};

test('bytes go both ways without what the protocol adds', async () => {
  const { stream, kubelet, paths } = await openOne();
  expect(paths).toEqual(['/api/v1/namespaces/projectcontour/pods/envoy-a/portforward?ports=28000']);
  stream.write('from here');
  kubelet.send(0, 'from there');
  expect(String((await once(stream, 'data'))[0])).toBe('from there');
  await expect.poll(() => String(kubelet.received())).toBe('from here');
});

test('the end of the pod is the end, after its last byte', async () => {
  const { stream, kubelet } = await openOne();
  const body = Buffer.alloc(3_000_000, 'z');
  for (let at = 0; at < body.length; at += 30_000) kubelet.send(0, body.subarray(at, at + 30_000));
  kubelet.close(1000);
  expect(Buffer.concat(await stream.toArray()).equals(body)).toBe(true);
});

test('what is still written after the pod has ended does not take away what it sent before', async () => {
  const { stream, kubelet } = await openOne();
  kubelet.send(0, 'the answer');
  kubelet.close(1000);
  await once(kubelet.socket, 'close');
  stream.write('more of the question');
  expect(Buffer.concat(await stream.toArray()).toString()).toBe('the answer');
});

test.each<[string, (kubelet: Kubelet) => void, string]>([
  [
    'what the kubelet says on the error channel',
    ({ send, close }) => {
      send(1, 'connection refused');
      close(1000);
    },
    'connection refused',
  ],
  [
    'a connection that is cut',
    ({ socket }) => socket.resetAndDestroy(),
    'the connection to the API server was closed (1006)',
  ],
  ['a server that goes away', ({ close }) => close(1001), 'the connection to the API server was closed (1001)'],
])('%s is an error, not an end', async (_, act, message) => {
  const { stream, kubelet } = await openOne();
  stream.resume();
  const failed = once(stream, 'error');
  act(kubelet);
  expect((await failed)[0]).toMatchObject({ message });
});

test('the end of our side does not cut the answer', async () => {
  const { stream, kubelet } = await openOne();
  stream.end('question');
  await expect.poll(() => String(kubelet.received())).toBe('question');
  kubelet.send(0, 'a late answer');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(kubelet.isAskedToClose()).toBe(false);
  kubelet.close(1000);
  expect(Buffer.concat(await stream.toArray()).toString()).toBe('a late answer');
});

test('an answer that is cut after the end of our side is an error, too', async () => {
  const { stream, kubelet } = await openOne();
  stream.end('question');
  await expect.poll(() => String(kubelet.received())).toBe('question');
  const failed = once(stream.resume(), 'error');
  kubelet.send(0, 'half an ans');
  await once(stream, 'data');
  kubelet.socket.resetAndDestroy();
  expect((await failed)[0]).toMatchObject({ message: 'the connection to the API server was closed (1006)' });
});

test('a pod that stays silent after the end of our side has not ended: what it would send is lost', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { stream, kubelet } = await openOne();
  const failed = once(stream.resume(), 'error');
  stream.end('question');
  await once(stream, 'finish');
  await vi.advanceTimersByTimeAsync(10_000);
  vi.useRealTimers();
  await expect.poll(() => kubelet.isAskedToClose()).toBe(true);
  kubelet.close(1000);
  expect((await failed)[0]).toMatchObject({
    message: 'the pod was silent after the end of the local side, which cannot be passed on to it',
  });
});

test('who does not read holds the pod back', async () => {
  const { stream, kubelet } = await openOne();
  const chunk = Buffer.alloc(65_536);
  let sent = 0;
  const pump = (): void => {
    while (sent < 256 * 2 ** 20) {
      sent += chunk.length;
      if (!kubelet.send(0, chunk)) break;
    }
  };
  kubelet.socket.on('drain', pump);
  pump();
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(sent).toBeLessThan(32 * 2 ** 20);
  expect(stream.readableLength).toBeLessThan(2 ** 20);
});

test('a pod that does not read holds us back', async () => {
  const { stream, kubelet } = await openOne();
  kubelet.socket.pause();
  let written = 0;
  const write = async (): Promise<void> => {
    while (written < 256 * 2 ** 20 && !stream.destroyed) {
      written += 65_536;
      if (!stream.write(Buffer.alloc(65_536))) await once(stream, 'drain');
    }
  };
  write().catch(() => undefined); // the test ends in the middle of it
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(written).toBeLessThan(32 * 2 ** 20);
});

test('a refusal says which pod, which port and why', async () => {
  const { open } = await startServer('404 Not Found');
  await expect(open(pod)).rejects.toMatchObject({
    id: 'cluster.port-forward',
    message: 'no port-forward to port 28000 of pod projectcontour/envoy-a: Unexpected server response: 404',
  });
});
