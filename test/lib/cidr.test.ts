import { expect, test } from 'vitest';
import { isInRanges } from '../../src/lib/cidr.ts';

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
