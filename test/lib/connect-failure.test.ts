import { expect, test } from 'vitest';
import { connectFailureOf } from '../../src/lib/connect-failure.ts';

test.each([
  ['ECONNREFUSED', 'refused'],
  ['ENETUNREACH', 'unreachable'],
  ['EAI_AGAIN', 'unresolved'],
  ['ETIMEDOUT', 'timeout'],
  ['ECONNRESET', undefined],
])('%s is %s', (code, failure) => {
  expect(connectFailureOf(Object.assign(new Error(code), { code }))).toBe(failure);
});

test('an error without a code is none', () => {
  expect(connectFailureOf(new Error('other'))).toBeUndefined();
});
