import { once } from 'node:events';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Kubelet, pod, startServer } from '../../support/kube/websocket-kubelet.ts';

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

test('who has ended its side and reads slowly is not cut off: the pod may have more', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { stream, kubelet } = await openOne();
  stream.end('question');
  await once(stream, 'finish');
  kubelet.send(0, 'the answer');
  await vi.waitUntil(() => stream.readableLength > 0);
  await vi.advanceTimersByTimeAsync(60_000);
  vi.useRealTimers();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(kubelet.isAskedToClose()).toBe(false);
  kubelet.close(1000);
  expect(Buffer.concat(await stream.toArray()).toString()).toBe('the answer');
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
  await new Promise((resolve) => setTimeout(resolve, 200));
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
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(written).toBeLessThan(32 * 2 ** 20);
});

test('a refusal says which pod, which port and why', async () => {
  const { open } = await startServer('404 Not Found');
  await expect(open(pod)).rejects.toMatchObject({
    id: 'cluster.port-forward',
    message: 'no port-forward to port 28000 of pod projectcontour/envoy-a: Unexpected server response: 404',
  });
});
