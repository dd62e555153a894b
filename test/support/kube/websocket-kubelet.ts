import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import { portForwarder } from '../../../src/lib/kube/port-forward.ts';

/** What the tests forward to. */
export const pod = { namespace: 'projectcontour', pod: 'envoy-a', port: 28_000 };

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

/** A stand-in, by RFC 6455 and what a kubelet was seen to send. */
export type Kubelet = {
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
export const startServer = async (refusal?: string) => {
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
