import { describe, expect, test } from 'vitest';
import { chooseNetwork, networkOf, overlappingRoutes } from '../../../src/cluster/native/network.ts';

test('divides a /16 into pods, services and the link', () => {
  expect(networkOf('10.210.0.0/16')).toEqual({
    cidr: '10.210.0.0/16',
    podCidr: '10.210.0.0/17',
    serviceCidr: '10.210.128.0/18',
    hostAddress: '10.210.255.1',
    nodeAddress: '10.210.255.2',
  });
});

test.each(['10.210.0.0/24', '10.210.1.0/16', 'dev', ''])('refuses %j', (cidr) => {
  expect(() => networkOf(cidr)).toThrow(`network.cidr: ${cidr} is not a /16`);
});

test.each([
  ['10.210.0.0/16', ['default', '192.0.2.0/24', '0.0.0.0/0'], []],
  ['10.210.0.0/16', ['10.210.3.4'], ['10.210.3.4']],
  ['10.210.0.0/16', ['10.0.0.0/8'], ['10.0.0.0/8']],
  ['10.210.0.0/16', ['10.211.0.0/16', '10.209.255.255'], []],
  ['10.210.0.0/16', ['10.208.0.0/13', 'unreachable'], ['10.208.0.0/13']],
])('%s beside the routes %j overlaps %j', (cidr, routes, expected) => {
  expect(overlappingRoutes(cidr, routes)).toEqual(expected);
});

describe('chooseNetwork', () => {
  test('takes the first free candidate', () => {
    expect(chooseNetwork(undefined, ['10.210.0.0/16', '10.211.4.0/24']).cidr).toBe('10.212.0.0/16');
  });
  test('takes the wanted one', () => expect(chooseNetwork('10.9.0.0/16', ['default']).cidr).toBe('10.9.0.0/16'));
  test('refuses a wanted one that is routed, naming the route', () => {
    expect(() => chooseNetwork('10.9.0.0/16', ['10.9.8.0/24'])).toThrow(
      'network.cidr: 10.9.0.0/16 overlaps 10.9.8.0/24, which this host already routes',
    );
  });
  test('says so when nothing is free', () =>
    expect(() => chooseNetwork(undefined, ['10.0.0.0/8'])).toThrow('no free network'));
});
