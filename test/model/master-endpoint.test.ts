import { expect, test } from 'vitest';
import { isSameAddress, originOf } from '../../src/model/master-endpoint.ts';

const address = { scheme: 'http', host: 'a.example', port: 8080 } as const;

test.each([
  [{}, true],
  [{ scheme: 'https' } as const, false],
  [{ host: 'b.example' }, false],
  [{ port: 8081 }, false],
])('the address with %j is the same: %s', (change, isSame) => {
  expect(isSameAddress(address, { ...address, ...change })).toBe(isSame);
});

test('an IPv6 address has brackets in an origin', () => {
  expect(originOf(address)).toBe('http://a.example:8080');
  expect(originOf({ ...address, host: '::1' })).toBe('http://[::1]:8080');
});
