// What a kubelet with containerd does was recorded from one; the kubelet here is a stand-in that does the same
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { dataHead, frameReader, pingFrame, type SpdyFrame } from '../../../../src/lib/kube/spdy/frames.ts';
import { openSession } from '../../../../src/lib/kube/spdy/session.ts';

const reply = (stream: number): Buffer => Buffer.from([0x80, 3, 0, 2, 0, 0, 0, 4, 0, 0, 0, stream]);

const setUp = async () => {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('a server on TCP has a port');
  const accepted = once(server, 'connection');
  const socket = connect(address.port, '127.0.0.1');
  const [kubelet] = (await accepted) as [Socket];
  onTestFinished(() => {
    kubelet.destroy();
    socket.destroy();
    server.close();
  });
  const frames: SpdyFrame[] = [];
  kubelet
    .on('error', () => undefined)
    .on(
      'data',
      frameReader((frame) => frames.push(frame)),
    );
  const seen = { idle: 0, ended: 0 };
  const session = openSession(socket, Buffer.alloc(0), {
    onIdle: () => void seen.idle++,
    onEnd: () => void seen.ended++,
  });
  const send = (stream: number, text: string, end = false) =>
    kubelet.write(Buffer.concat([dataHead(stream, text.length, end), Buffer.from(text)]));
  const take = async (stream: number) => {
    const opened = session.open(28_000);
    kubelet.write(reply(stream));
    return opened;
  };
  const sentOn = (stream: number): string =>
    frames.flatMap((one) => (one.kind === 'data' && one.stream === stream ? [one.bytes.toString()] : [])).join('');
  const until = (check: () => unknown) => expect.poll(check, { timeout: 5_000 });
  return { session, kubelet, frames, seen, send, take, sentOn, until };
};

test('bytes go both ways; the pod’s end is the end once the kubelet has no complaint', async () => {
  const { take, send, sentOn, until, seen } = await setUp();
  const stream = await take(3);
  stream.write('question');
  await until(() => sentOn(3)).toBe('question');
  send(3, 'answer');
  send(3, '', true);
  const read = stream.toArray();
  await until(() => seen.idle).toBe(0);
  send(1, '', true);
  expect(Buffer.concat(await read).toString()).toBe('answer');
  expect(seen).toEqual({ idle: 1, ended: 0 });
});

test('the next connection uses the same session, with ids of its own', async () => {
  const { take, send, frames, until } = await setUp();
  const first = await take(3);
  send(3, '', true);
  send(1, '', true);
  await first
    .resume()
    .toArray()
    .catch(() => undefined);
  await until(() => frames.some((one) => one.kind === 'data' && one.stream === 3 && one.end)).toBe(true);
  const second = await take(7);
  send(7, 'second');
  expect(String((await once(second, 'data'))[0])).toBe('second');
});

test('what the kubelet says is an error, not an end, though the data ended before', async () => {
  const { take, send } = await setUp();
  const stream = await take(3);
  const failed = once(stream.resume(), 'error');
  send(3, 'half', true);
  send(1, 'connection reset by peer', true);
  expect((await failed)[0]).toMatchObject({ message: 'connection reset by peer' });
});

test('a connection that is cut is an error, and ends the session', async () => {
  const { take, kubelet, seen, session } = await setUp();
  const failed = once((await take(3)).resume(), 'error');
  kubelet.resetAndDestroy();
  expect((await failed)[0]).toMatchObject({ message: 'the connection to the API server was closed' });
  expect(seen).toEqual({ idle: 0, ended: 1 });
  await expect(session.open(1)).rejects.toThrow('the connection to the API server was closed');
});

test('who needs no more resets the stream; the session is free once the kubelet has ended the other', async () => {
  const { take, send, frames, seen, until } = await setUp();
  const stream = await take(3);
  stream.destroy();
  await until(() => frames.some((one) => one.kind === 'reset' && one.stream === 3)).toBe(true);
  expect(seen.idle).toBe(0);
  send(1, '', true);
  await until(() => seen.idle).toBe(1);
});

test('a ping of the kubelet is answered', async () => {
  const { kubelet, frames, until } = await setUp();
  kubelet.write(pingFrame(2));
  await until(() => frames).toEqual([{ kind: 'ping', id: 2 }]);
});

test('who does not read holds the pod back', async () => {
  const { take, kubelet } = await setUp();
  const stream = await take(3);
  const chunk = Buffer.concat([dataHead(3, 65_536), Buffer.alloc(65_536)]);
  let sent = 0;
  const pump = (): void => {
    while (sent < 256 * 2 ** 20) {
      sent += chunk.length;
      if (!kubelet.write(chunk)) break;
    }
  };
  kubelet.on('drain', pump);
  pump();
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(sent).toBeLessThan(32 * 2 ** 20);
  expect(stream.readableLength).toBeLessThan(2 ** 20);
});

test('a pod that does not read holds us back', async () => {
  const { take, kubelet } = await setUp();
  const stream = await take(3);
  kubelet.pause();
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
