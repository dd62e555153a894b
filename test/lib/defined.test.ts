import { expect, test } from 'vitest';
import { withoutUndefined } from '../../src/lib/defined.ts';

test('only undefined properties are left out', () => {
  const value = { a: undefined, b: '', c: 0, d: false, e: null };
  expect(Object.keys(withoutUndefined(value))).toEqual(['b', 'c', 'd', 'e']);
});
