import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openForward } from '../../src/forward/server.ts';
import { hasCode } from '../../src/lib/errors.ts';
import { freePort } from '../../src/lib/free-port.ts';

const forwardAt = async (address: string) => {
  const port = await freePort();
  const dial = async () => Promise.reject(new Error('no Envoy'));
  const forward = openForward({ ...{ port, address, dial, firstPauseMs: 10 }, onChange: () => undefined });
  onTestFinished(forward.destroy);
  expect(await forward.bound).toBe(true);
  return port;
};

/** Whether something listens there; without a listener on the Gateway it resets what it accepts. */
const isReached = async (host: string, port: number): Promise<boolean> => {
  const socket = connect({ host, port });
  onTestFinished(() => void socket.destroy());
  const refused = new Promise<boolean>((resolve) => {
    socket.on('error', (error) => resolve(!hasCode(error, 'ECONNREFUSED')));
  });
  return Promise.race([
    once(socket, 'connect').then(
      () => true,
      () => refused,
    ),
    refused,
  ]);
};

// on Linux all of 127.0.0.0/8 is this host
test.each([
  ['127.0.0.1', true, false],
  ['127.0.0.2', false, true],
  ['0.0.0.0', true, true],
])('a forward at %s is reached there alone', async (address, first, second) => {
  const port = await forwardAt(address);
  expect(await isReached('127.0.0.1', port)).toBe(first);
  expect(await isReached('127.0.0.2', port)).toBe(second);
});
