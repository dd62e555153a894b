import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { describeHolder, describeUser, findListenFailure } from '../../../src/lib/process/port-holder.ts';
import { freePort, listening } from '../../support/proof/local-path.ts';

test('a port that a process of this user holds is its program and process', async () => {
  await using server = await listening(createServer());
  expect(await describeHolder(server.port)).toMatch(new RegExp(`^.+ \\(pid ${process.pid}\\)$`));
  expect(await findListenFailure(server.port, '127.0.0.1')).toMatchObject({ code: 'EADDRINUSE' });
});

test('a port that nobody holds can be had, and nobody is named', async () => {
  const port = await freePort();
  expect(await findListenFailure(port, '127.0.0.1')).toBeUndefined();
  expect(await describeHolder(port)).toBe('a program that is not seen from here');
});

test('a user is named where the system has a name', async () => {
  expect(await describeUser(0)).toBe('uid 0 (root)');
  expect(await describeUser(4_000_000)).toBe('uid 4000000');
});
