import { expect, test } from 'vitest';
import { parseJson } from '../../src/lib/json.ts';

test.each([
  ['{"a": [1, null]}', { a: [1, null] }],
  ['null', null],
  ['', undefined],
  ['{"a": ', undefined],
  ['ERROR: no such host', undefined],
])('%s', (text, value) => {
  expect(parseJson(text)).toEqual(value);
});
