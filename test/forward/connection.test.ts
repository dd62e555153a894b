import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { listening } from '../support/proof/local-path.ts';
import { ask, envoy, freePorts, gatewayWith, keep, open } from '../support/tunnel/forward-run.ts';

/** A way to a server of this process, which hides its end as containerd's port-forward does for a second. */
const lateEnd = async (answer: string) => {
  const server = await listening(createServer((socket) => void socket.on('data', () => socket.write(answer))));
  onTestFinished(() => server[Symbol.asyncDispose]());
  return async () => {
    const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  };
};

const readAll = async (port: number, request: string): Promise<string> => {
  const socket = await open(port);
  socket.write(request);
  return Buffer.concat(await socket.toArray()).toString();
};

test('an HTTP answer after which the server closes ends at once, whole', async () => {
  const ports = await freePorts();
  const [port] = ports;
  const answer = 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello';
  const { until } = keep({ ports, objects: [gatewayWith(port), envoy('envoy-a')], forward: await lateEnd(answer) });
  await until({ state: 'up', listeners: [{ port }] });
  const startMs = performance.now();
  expect(await readAll(port, 'GET / HTTP/1.0\r\n\r\n')).toBe(answer);
  expect(performance.now() - startMs).toBeLessThan(900);
  await until({ connections: 0 });
});

test('a client that has its whole answer and ends holds no connection to the pod', async () => {
  const ports = await freePorts();
  const [port] = ports;
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
  const { until } = keep({ ports, objects: [gatewayWith(port), envoy('envoy-a')], forward: await lateEnd(answer) });
  await until({ state: 'up', listeners: [{ port }] });
  const socket = await open(port);
  expect(await ask(socket, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')).toBe(answer);
  socket.end();
  await until({ connections: 0 });
});
