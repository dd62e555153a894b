import { expect, test } from 'vitest';
import { parseDurationSeconds } from '../../src/commands/duration.ts';

test.each([
  ['90', 90],
  ['90s', 90],
  ['20m', 1_200],
  ['1h', 3_600],
  ['9999999', 9_999_999],
])('%s is %i seconds', (text, seconds) => expect(parseDurationSeconds(text, '--timeout')).toBe(seconds));

test.each([
  '',
  '0',
  '-1m',
  '1d',
  '1.5h',
  '20 m',
  'm',
  '10000000',
  '01',
  '1ms',
  '1hh',
  ' 1',
  '1 ',
  '1H',
  '+1',
])('%j is none', (text) => {
  expect(() => parseDurationSeconds(text, '--timeout')).toThrow(`--timeout: '${text}' is no duration`);
});
