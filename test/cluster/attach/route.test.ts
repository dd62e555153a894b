import { expect, test } from 'vitest';
import { externalAddress, findRoute, parseRoute } from '../../../src/cluster/attach/route.ts';
import { fakeRunner } from '../../fakes/runner.ts';

// as iproute2 5.10 to 6.x answers
const veth = '[{"dst":"10.212.255.2","dev":"tg-1a2b3c4d","prefsrc":"10.212.255.1","flags":[],"uid":0,"cache":[]}]';
const vethMatch = '[{"dst":"10.212.255.0/24","dev":"tg-1a2b3c4d","protocol":"kernel","scope":"link","flags":[]}]';
const byDefault =
  '[{"dst":"1.1.1.1","gateway":"192.0.2.1","dev":"eth0","prefsrc":"192.0.2.2","flags":[],"uid":0,"cache":[]}]';
const defaultMatch = '[{"dst":"default","gateway":"192.0.2.1","dev":"eth0","flags":[]}]';
const own = '[{"type":"local","dst":"192.0.2.2","dev":"lo","prefsrc":"192.0.2.2","flags":[],"cache":["local"]}]';
const ownMatch = '[{"type":"local","dst":"192.0.2.2","dev":"eth0","prefsrc":"192.0.2.2","flags":[]}]';

test.each([
  ['a link of its own', veth, vethMatch, { source: '10.212.255.1', isSpecific: true }],
  ['the default route', byDefault, defaultMatch, { source: '192.0.2.2', isSpecific: false }],
  ['this host itself', own, ownMatch, { source: '192.0.2.2', isSpecific: true }],
  ['no source address', '[{"type":"unreachable","dst":"10.0.0.1"}]', '[{"dst":"10.0.0.0/8"}]', undefined],
])('reads the route by %s', (_, route, match, expected) => {
  expect(parseRoute(route, match)).toEqual(expected);
});

const get = 'ip -json route get 10.9.9.9';
const fibmatch = 'ip -json route get fibmatch 10.9.9.9';

test('asks ip twice', async () => {
  const { runner, calls } = fakeRunner({ [get]: veth, [fibmatch]: vethMatch });
  expect(await findRoute('10.9.9.9', runner)).toEqual({ source: '10.212.255.1', isSpecific: true });
  expect(calls).toEqual([get, fibmatch]);
});

test('an address that nothing leads to has no route', async () => {
  const refused = { exitCode: 2, stderr: 'RTNETLINK answers: Network is unreachable' };
  const { runner } = fakeRunner({ [get]: refused, [fibmatch]: refused });
  expect(await findRoute('10.9.9.9', runner)).toBeUndefined();
});

const at = (address: string, family: 'IPv4' | 'IPv6', internal = false) => ({ address, family, internal }) as never;

test.each([
  [
    'the first that is not loopback',
    { lo: [at('127.0.0.1', 'IPv4', true)], eth0: [at('192.0.2.2', 'IPv4')] },
    '192.0.2.2',
  ],
  ['no IPv6 one', { eth0: [at('fe80::1', 'IPv6'), at('192.0.2.3', 'IPv4')] }, '192.0.2.3'],
  ['none on a host without network', { lo: [at('127.0.0.1', 'IPv4', true)] }, undefined],
])('external address: %s', (_, interfaces, address) => {
  expect(externalAddress(interfaces)).toBe(address);
});
