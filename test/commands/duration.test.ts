import { expect, test } from 'vitest';
import { parseDurationSeconds } from '../../src/commands/duration.ts';

test.each([
  ['90', 90],
  ['90s', 90],
  ['20m', 1_200],
  ['1h', 3_600],
])('%s is %i seconds', (text, seconds) => expect(parseDurationSeconds(text, '--timeout')).toBe(seconds));

test.each(['', '0', '-1m', '1d', '1.5h', '20 m', 'm'])('%j is none', (text) => {
  expect(() => parseDurationSeconds(text, '--timeout')).toThrow(`--timeout: '${text}' is no duration`);
});
