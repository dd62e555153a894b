import { expect, test } from 'vitest';
import { isInRanges, isLoopback, isPublic } from '../../src/lib/cidr.ts';

test.each([
  ['10.210.255.1', ['10.210.255.1/32'], true],
  ['10.210.255.2', ['10.210.255.1/32'], false],
  ['172.31.255.255', ['10.0.0.0/8', '172.16.0.0/12'], true],
  ['172.32.0.0', ['10.0.0.0/8', '172.16.0.0/12'], false],
  ['192.0.2.1', ['0.0.0.0/0'], true],
  ['192.0.2.1', [], false],
  ['fd00::1', ['fd00::/8'], true],
  ['fd00::1', ['10.0.0.0/8'], false],
  ['host.example', ['0.0.0.0/0'], false],
])('%s in %j: %s', (address, ranges, isIn) => expect(isInRanges(address, ranges)).toBe(isIn));

test.each([
  ['0.0.0.0', true],
  ['*', true],
  ['::', true],
  ['203.0.113.5', true],
  ['172.32.0.1', true],
  ['100.128.0.1', true],
  ['2001:db8::1', true],
  ['::ffff:203.0.113.5', true],
  ['10.public.example', true],
  ['127.0.0.1.nip.io', true],
  ['192.168.evil.example', true],
  ['fe80.example', true],
  ['127.1', true],
  ['', true],
  ['127.0.0.1', false],
  ['localhost', false],
  ['10.1.2.3', false],
  ['172.20.0.1', false],
  ['169.254.1.1', false],
  ['100.64.0.1', false],
  ['100.127.255.255', false],
  ['fd00::1', false],
  ['fe80::1', false],
  ['fe80::1%eth0', false],
  ['::1', false],
  ['::ffff:10.1.2.3', false],
  ['::ffff:7f00:1', false],
])('what listens on %s is public: %s', (address, expected) => {
  expect(isPublic(address)).toBe(expected);
});

// the last address before each range, its first, its last, and the first behind it
test.each([
  ['9.255.255.255', '10.0.0.0', '10.255.255.255', '11.0.0.0'],
  ['100.63.255.255', '100.64.0.0', '100.127.255.255', '100.128.0.0'],
  ['126.255.255.255', '127.0.0.0', '127.255.255.255', '128.0.0.0'],
  ['169.253.255.255', '169.254.0.0', '169.254.255.255', '169.255.0.0'],
  ['172.15.255.255', '172.16.0.0', '172.31.255.255', '172.32.0.0'],
  ['192.167.255.255', '192.168.0.0', '192.168.255.255', '192.169.0.0'],
  ['198.17.255.255', '198.18.0.0', '198.19.255.255', '198.20.0.0'],
  ['fbff:ffff::', 'fc00::', 'fdff:ffff::', 'fe00::'],
  ['fe7f:ffff::', 'fe80::', 'febf:ffff::', 'fec0::'],
  ['::', '::1', '::1', '::2'],
])('%s is public, %s to %s are not, %s is', (...addresses) => {
  expect(addresses.map(isPublic)).toEqual([true, false, false, true]);
});

test.each([
  ['127.0.0.1', true],
  ['127.255.0.1', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['localhost', true],
  ['10.0.0.1', false],
  ['0.0.0.0', false],
  ['127.evil.example', false],
])('%s is loopback: %s', (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});

test.each([
  ['*', true],
  ['::', true],
  ['0.0.0.0', true],
  ['::1', false],
])('what ssh takes as %s: can the internet reach it? %s', (address, expected) => {
  expect(isPublic(address)).toBe(expected);
});
