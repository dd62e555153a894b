import { expect, test } from 'vitest';
import { describeRef, isReady, type KubeEvent, newestOf } from '../../../src/lib/kube/shapes.ts';

const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'team' } };

test('an object is described by kind, namespace and name; a cluster-scoped one has no namespace', () => {
  expect(describeRef(pod)).toBe('Pod team/p');
  expect(describeRef({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } })).toBe('Node n');
});

test.each([
  [undefined, false],
  [{ conditions: [] }, false],
  [{ conditions: [{ type: 'Ready', status: 'False' }] }, false],
  [{ conditions: [{ type: 'PodScheduled', status: 'True' }] }, false],
  [{ conditions: [{ type: 'Ready', status: 'True' }] }, true],
])('ready %#', (status, ready) => {
  expect(isReady({ ...pod, ...(status && { status }) })).toBe(ready);
});

const event = (name: string, times: Partial<KubeEvent>): KubeEvent => ({
  ...{ apiVersion: 'v1', kind: 'Event', metadata: { name } },
  ...times,
});

test('the newest event is found whichever field holds its time; of equal times the last one', () => {
  const first = event('first', { lastTimestamp: '2026-01-01T00:00:09Z' });
  const later = event('later', { lastTimestamp: null, eventTime: '2026-01-01T00:00:09.5Z' });
  const series = event('series', { series: { lastObservedTime: '2026-01-01T00:00:10Z' } });
  const timeless = event('timeless', {});
  expect(newestOf([later, first, timeless])).toBe(later);
  expect(newestOf([series, later, first])).toBe(series);
  expect(newestOf([first, { ...first }])).not.toBe(first);
  expect(newestOf([timeless])).toBe(timeless);
  expect(newestOf([])).toBeUndefined();
});
