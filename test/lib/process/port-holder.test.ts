import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { describeHolder, findListener, findListenFailure, findStranger } from '../../../src/lib/process/port-holder.ts';
import { freePort } from '../../support/proof/local-path.ts';

const onLinux = test.skipIf(process.platform !== 'linux');

const listenOn = async (address: string): Promise<number> => {
  const server = createServer();
  await once(server.listen(0, address), 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
};

onLinux('a port that a process of this user holds is its program and process', async () => {
  const port = await listenOn('127.0.0.1');
  const found = { uid: process.getuid?.(), pid: process.pid, program: expect.stringMatching(/node/) };
  expect(await findListener('127.0.0.1', port)).toMatchObject(found);
  expect(await describeHolder('127.0.0.1', port)).toMatch(new RegExp(`^.+ \\(pid ${process.pid}\\)$`));
  expect(await findListenFailure(port, '127.0.0.1')).toMatchObject({ code: 'EADDRINUSE' });
});

test('a port that nobody holds can be had, and nobody is named', async () => {
  const port = await freePort();
  expect(await findListenFailure(port, '127.0.0.1')).toBeUndefined();
  expect(await findListener('127.0.0.1', port)).toBeUndefined();
  expect(await describeHolder('127.0.0.1', port)).toBe('a program that is not seen from here');
});

onLinux.each([
  ['127.0.0.2', '127.0.0.1', false],
  ['127.0.0.1', '127.0.0.1', true],
  ['127.0.0.2', '0.0.0.0', true],
  ['0.0.0.0', '127.0.0.1', true],
  // every address of both families, and one in IPv6 form
  ['::', '127.0.0.1', true],
  ['::ffff:127.0.0.1', '127.0.0.1', true],
  ['::1', '127.0.0.1', false],
])('who listens on %s holds the port of %s: %s', async (address, wanted, isHeld) => {
  const port = await listenOn(address);
  expect((await findListener(wanted, port))?.pid).toBe(isHeld ? process.pid : undefined);
});

onLinux('this user is no stranger; another one is named', async () => {
  const port = await listenOn('127.0.0.1');
  expect(await findStranger('127.0.0.1', port)).toBeUndefined();
  const uid = process.getuid?.() ?? 0;
  expect(await findStranger('127.0.0.1', port, uid + 1)).toMatch(new RegExp(`^uid ${uid}( \\(\\S+\\))?$`));
  expect(await findStranger('127.0.0.2', port, uid + 1)).toBeUndefined();
});
