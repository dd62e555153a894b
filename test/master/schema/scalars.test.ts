import { expect, test } from 'vitest';
import { isAmbiguous, isSexagesimal, losesTypeInDevcluster, resolvePlain } from '../../../src/master/schema/scalars.ts';

test.each<readonly [text: string, kind: string, value: unknown]>([
  ...['y', 'Yes', 'on', 'TRUE', 'true'].map((text) => [text, 'bool', true] as const),
  ...['n', 'NO', 'Off', 'false'].map((text) => [text, 'bool', false] as const),
  ...['', '~', 'null', 'NULL'].map((text) => [text, 'null', null] as const),
  ['1_000', 'int', 1000],
  ['0b11', 'int', 3],
  ['0o17', 'int', 15],
  ['012', 'int', 10],
  ['0x1F', 'int', 31],
  ['-5', 'int', -5],
  ['+5', 'int', 5],
  ['0', 'int', 0],
  ['1e3', 'int', 1000],
  ['8080.0', 'int', 8080],
  ['1.5', 'float', 1.5],
  ['.5', 'float', 0.5],
  ...['yEs', 'nope', '1:30', '089x', '2024-01-01', '10.0.0.1', '0x', '-', '1.2.3', '_1', 'constructor'].map(
    (text) => [text, 'string', text] as const,
  ),
])('unquoted %s is a %s', (text, kind, value) => {
  expect(resolvePlain(text)).toEqual({ kind, value });
});

test.each([
  ...['no', 'y', 'on', '1_000', '012', '0o17', '0b11', '1e3', '+5', '.5'].map((text) => [text, true] as const),
  ...['true', 'False', 'null', '~', '', '0', '80', '-1', '1.5', 'contour', '10.0.0.1'].map(
    (text) => [text, false] as const,
  ),
])('%s surprises: %s', (text, expected) => {
  expect(isAmbiguous(text)).toBe(expected);
});

/** Each dumped by PyYAML 6 (devcluster's) as it stands here, with or without quotes. */
test.each([
  ...['y', 'N', '0o17', '1e3', '1E5'].map((text) => [text, true] as const),
  ...['no', 'on', '012', '1_000', '0b11', '.5', '5.', '+1', '1:30', 'contour', '10.0.0.1'].map(
    (text) => [text, false] as const,
  ),
])('%s loses its quotes in devcluster: %s', (text, expected) => {
  expect(losesTypeInDevcluster(text)).toBe(expected);
});

test.each([
  ['1:30', true],
  ['10:20:30', true],
  ['10:99', false],
  ['host:80', false],
  ['80', false],
])('%s is in base 60: %s', (text, expected) => {
  expect(isSexagesimal(text)).toBe(expected);
});
