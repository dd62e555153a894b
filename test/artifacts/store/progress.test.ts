import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { formatBytes, makeMeter, startReporting } from '../../../src/artifacts/store/progress.ts';
import { describeProgress } from '../../../src/lib/progress.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('bytes with and without their whole', () => {
  expect(formatBytes(12_340_000, 98_000_000)).toBe('12.3 of 98.0 MB');
  expect(formatBytes(12_340_000)).toBe('12.3 MB');
});

test('the whole of several files is known once all have begun', () => {
  const told: string[] = [];
  const meter = makeMeter(2, (detail) => told.push(detail));
  meter.of('a')(1e6, 4e6);
  meter.of('b')(2e6, 6e6);
  meter.of('a')(4e6, 4e6);
  expect(told).toEqual(['1.0 MB', '3.0 of 10.0 MB', '6.0 of 10.0 MB']);
});

test('the elapsed time is updated without changes, and frequent changes are reported once a second', () => {
  const told: string[] = [];
  const { report, stop } = startReporting('etcd', (progress) => told.push(describeProgress(progress)));
  report('building', '1 of 9 packages');
  report('building', '2 of 9 packages');
  report('building', '3 of 9 packages', 'net/http');
  vi.advanceTimersByTime(2000);
  report('skipped-source', 'release: no');
  report('skipped-source', 'go: no');
  report('done', 'v1');
  vi.advanceTimersByTime(5000);
  stop();
  expect(told).toEqual([
    'etcd: building 1 of 9 packages, 0:00',
    'etcd: building 3 of 9 packages, now net/http, 0:01',
    'etcd: building 3 of 9 packages, now net/http, 0:02',
    'etcd: skipped-source release: no',
    'etcd: skipped-source go: no',
    'etcd: done v1, 0:02',
  ]);
});
