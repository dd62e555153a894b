import { expect, test } from 'vitest';
import { asText, parseJson } from '../../src/lib/json.ts';

test.each([
  ['{"a": [1, null]}', { a: [1, null] }],
  ['null', null],
  ['', undefined],
  ['{"a": ', undefined],
  ['ERROR: no such host', undefined],
])('%s', (text, value) => {
  expect(parseJson(text)).toEqual(value);
});

test.each([
  ['a', 'a'],
  [1, '1'],
  [null, 'null'],
  [undefined, 'undefined'],
  [JSON.parse('{"toString":1}'), '{"toString":1}'],
  [[], '[]'],
])('%j as text', (value, text) => expect(asText(value)).toBe(text));
