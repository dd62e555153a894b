import { expect, test } from 'vitest';
import { ownValue, withoutUndefined } from '../../src/lib/defined.ts';

test('only undefined properties are left out', () => {
  const value = { a: undefined, b: '', c: 0, d: false, e: null };
  expect(Object.keys(withoutUndefined(value))).toEqual(['b', 'c', 'd', 'e']);
});

test.each(['constructor', 'toString', '__proto__', 'other'])('a table has no entry %s', (key) => {
  expect(ownValue({ mine: 1 }, key)).toBeUndefined();
});

test('a table has its own entries', () => {
  expect(ownValue({ mine: 1, constructor: 2 }, 'constructor')).toBe(2);
});
