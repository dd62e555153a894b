import { expect, test } from 'vitest';
import { describeProgress, formatElapsed } from '../../src/lib/progress.ts';

test.each([
  [0, '0:00'],
  [9_999, '0:09'],
  [95_000, '1:35'],
  [3_600_000, '60:00'],
])('%d ms is %s', (ms, text) => expect(formatElapsed(ms)).toBe(text));

test('progress in one line, with what is known of it', () => {
  expect(describeProgress('just text')).toBe('just text');
  expect(describeProgress({ name: 'Gateway dev', state: 'no address yet' })).toBe('Gateway dev: no address yet');
  expect(
    describeProgress({ name: 'etcd', state: 'building', detail: '1 of 9 packages', now: 'net', elapsedMs: 95_000 }),
  ).toBe('etcd: building 1 of 9 packages, now net, 1:35');
});
