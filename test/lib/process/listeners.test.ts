import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { findListener } from '../../../src/lib/process/listeners.ts';

const serve = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
};

test.skipIf(process.platform !== 'linux')('a port has the program that listens on it', async () => {
  const found = await findListener(await serve());
  expect(found).toMatchObject({ uid: process.getuid?.(), pid: process.pid, program: expect.stringMatching(/node/) });
});

test('a free port has none', async () => {
  expect(await findListener(1)).toBeUndefined();
});
