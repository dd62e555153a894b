import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { findOtherAddresses, verifyPrivateEnd } from '../../../src/tunnel/ssh/private-end.ts';
import { freePort } from '../../support/tunnel/sockets.ts';
import { sampleHost, sampleSpec } from '../../support/tunnel/ssh-sample.ts';
import { unknownHost } from '../../support/tunnel/unknown-host.ts';

const { signal } = new AbortController();

test.each([
  [{ bindAddress: '10.0.0.1', hostName: '203.0.113.1' }, ['203.0.113.1']],
  [{ bindAddress: '10.0.0.1', hostName: '10.0.0.1' }, []],
  [{ bindAddress: '10.0.0.1', hostName: '10.0.0.1', publicHost: '203.0.113.2' }, ['203.0.113.2']],
  [{ bindAddress: '10.0.0.1', hostName: '10.0.0.1', peer: '2001:db8::1' }, ['2001:db8::1']],
  [{ bindAddress: '0.0.0.0', hostName: '203.0.113.1', peer: '203.0.113.1' }, ['203.0.113.1']],
  [{ bindAddress: '10.0.0.1', hostName: unknownHost }, []],
])('the other addresses of %j: %j', async (names, expected) => {
  expect(await findOtherAddresses(names)).toEqual(expected);
});

test('a server on this machine has the addresses of this machine', async () => {
  const own = Object.values(networkInterfaces()).flatMap((found = []) =>
    found.filter(({ internal, scopeid }) => !internal && !scopeid).map(({ address }) => address),
  );
  expect(await findOtherAddresses({ bindAddress: '127.0.0.1', hostName: 'localhost' })).toEqual([...new Set(own)]);
});

const verify = async (lines: readonly string[], arrives: boolean) => {
  const spec = { ...sampleSpec, bindAddress: '10.0.0.1' };
  const host = { ...sampleHost, hostName: '127.0.0.1' };
  const port = await freePort();
  const probe = async () => arrives || 'refused';
  return verifyPrivateEnd({ spec, host, lines, port, probe, timeoutMs: 200, signal });
};

test('what sshd itself reports is enough', async () => {
  const line = 'debug1: Remote: Forwarding listen address "10.0.0.1" overridden by server GatewayPorts';
  expect(await verify([line], false)).toEqual({
    state: 'public',
    evidence: 'sshd listens on every address: GatewayPorts yes',
  });
});

test('a nonce that arrives by another address is enough', async () => {
  const others = await findOtherAddresses({ bindAddress: '10.0.0.1', hostName: '127.0.0.1' });
  const end = await verify([], true);
  if (others.length > 0)
    expect(end).toMatchObject({ state: 'public', evidence: expect.stringMatching(/^a nonce sent to port/) });
  else expect(end).toMatchObject({ state: 'unverified' });
});

test('a refusal counts only at the address to which ssh has connected', async () => {
  const [own] = await findOtherAddresses({ bindAddress: '10.0.0.1', hostName: '127.0.0.1' });
  expect(await verify([], false)).toMatchObject({ state: 'unverified' });
  if (!own) return;
  expect(await verify([`Authenticated to here ([${own}]:22) using "publickey".`], false)).toMatchObject({
    state: 'proven',
    evidence: expect.stringMatching(`^${own} refuses port \\d+$`),
  });
});
