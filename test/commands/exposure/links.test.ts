import { expect, test } from 'vitest';
import { findLinkTo, findVpnLinks, linksOf, linksWithin, parseVpnLinks } from '../../../src/commands/exposure/links.ts';
import { fakeRunner } from '../../fakes/runner.ts';

const address = (local: string, family = 'inet') => ({ family, local, prefixlen: 24 });
/** As `ip -json -details address show` of iproute2 6.1 prints them; an empty object stands for a link without details. */
const links = [
  { ifname: 'lo', addr_info: [address('127.0.0.1')] },
  { ifname: 'eth0', addr_info: [address('192.0.2.2')] },
  {
    ifname: 'wg0',
    linkinfo: { info_kind: 'wireguard' },
    addr_info: [address('10.8.0.5'), address('fd08::5', 'inet6')],
  },
  { ifname: 'tun0', linkinfo: { info_kind: 'tun', info_data: { type: 'tun' } }, addr_info: [address('172.27.0.9')] },
  { ifname: 'docker0', linkinfo: { info_kind: 'bridge' }, addr_info: [address('172.17.0.1')] },
  { ifname: 'tg-1a2b3c4d', linkinfo: { info_kind: 'veth' }, addr_info: [address('10.210.255.1')] },
  {},
];
const wg0 = { name: 'wg0', kind: 'wireguard', addresses: ['10.8.0.5', 'fd08::5'] };
const tun0 = { name: 'tun0', kind: 'tun', addresses: ['172.27.0.9'] };

test('links into a VPN are known by their kind', () =>
  expect(parseVpnLinks(JSON.stringify(links))).toEqual([wg0, tun0]));

test.each(['', 'Object "address" is unknown', '{}', 'null'])('%j has no links', (text) =>
  expect(parseVpnLinks(text)).toEqual([]));

test.each([
  ['10.8.0.5', [wg0]],
  ['fd08::5', [wg0]],
  ['192.0.2.2', []],
  ['0.0.0.0', [wg0, tun0]],
  ['::', [wg0, tun0]],
])('what listens on %s is reached by %j', (host, found) => expect(linksOf([wg0, tun0], host)).toEqual(found));

test.each([
  [['10.0.0.0/8'], [wg0]],
  [['172.27.0.9/32'], [tun0]],
  [['192.168.0.0/16'], []],
])('sources %j come by %j', (ranges, found) => expect(linksWithin([wg0, tun0], ranges)).toEqual(found));

test('asks ip for both', async () => {
  const { runner } = fakeRunner({
    'ip -json -details address show': JSON.stringify(links),
    'ip -json route get 192.168.49.2': '[{"dst":"192.168.49.2","dev":"br-1","prefsrc":"192.168.49.1"}]',
  });
  expect(await findVpnLinks(runner)).toEqual([wg0, tun0]);
  expect(await findLinkTo('192.168.49.2', runner)).toBe('br-1');
});

test.each(['', 'null', '[]', '[{}]', 'RTNETLINK answers: Network is unreachable'])('%j is no route', async (text) => {
  const { runner } = fakeRunner({ 'ip -json route get 192.168.49.2': text });
  expect(await findLinkTo('192.168.49.2', runner)).toBeUndefined();
});
