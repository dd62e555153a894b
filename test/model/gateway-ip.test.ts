import { expect, test } from 'vitest';
import type { GatewayEndpoint } from '../../src/model/gateway-endpoint.ts';
import { endpointOf, viaOf } from '../../src/model/gateway-ip.ts';

const gateway: Omit<GatewayEndpoint, 'address'> = {
  ...{ name: 'contour', namespace: 'projectcontour', portRange: { start: 20_000, end: 20_199 } },
  capacity: { limit: 212, because: '' },
};
const at = (address: string): GatewayEndpoint => ({ ...gateway, address });

test('the master dials the address in the Gateway’s status, unless one of this host leads there', () => {
  const published = { ...gateway, publishedAddress: '192.0.2.1' };
  expect(endpointOf(published)).toEqual(at('192.0.2.1'));
  expect(endpointOf(published, { via: 'forward', address: '127.0.0.1' })).toEqual({
    ...at('127.0.0.1'),
    via: 'forward',
  });
});

test.each<[string, GatewayEndpoint, string | undefined, string]>([
  ['as recorded', { ...at('127.0.0.1'), via: 'published' }, '192.0.2.1', 'published'],
  ['as recorded, at the address in its status', { ...at('192.0.2.1'), via: 'forward' }, '192.0.2.1', 'forward'],
  ['of an older record, at another address', at('127.0.0.1'), '192.0.2.1', 'forward'],
  ['of an older record, at the address in its status', at('192.0.2.1'), '192.0.2.1', 'node'],
  ['of a record from before addresses were published', at('192.0.2.1'), undefined, 'node'],
])('how a Gateway is reached: %s', (_, endpoint, publishedAddress, expected) => {
  expect(viaOf(endpoint, publishedAddress)).toBe(expected);
});
