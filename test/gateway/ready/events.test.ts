import { expect, test } from 'vitest';
import { describeNewestWarning, newestWarning } from '../../../src/gateway/ready/events.ts';
import { fakeKube } from '../../fakes/kube.ts';

test('describes the newest Warning, whichever field tells its time', () => {
  const event = (reason: string, times: object) => ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: reason },
    type: 'Warning',
    reason,
    message: `${reason} happened\n`,
    involvedObject: { kind: 'Pod', name: 'envoy-1' },
    ...times,
  });
  const events = [
    event('Failed', { lastTimestamp: '2026-01-01T00:00:05Z' }),
    event('FailedMount', { lastTimestamp: null, eventTime: '2026-01-01T00:00:09.123456Z' }),
    event('BackOff', { series: { lastObservedTime: '2026-01-01T00:00:07Z' } }),
    { ...event('Started', { lastTimestamp: '2026-01-01T00:00:59Z' }), type: 'Normal' },
  ];
  expect(describeNewestWarning(events)).toBe('newest Warning: FailedMount on Pod/envoy-1: FailedMount happened');
  expect(describeNewestWarning([])).toBeUndefined();
  const bare = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' }, type: 'Warning' };
  const involvedObject = { kind: 'Pod', name: 'envoy-1' };
  expect(describeNewestWarning([{ ...bare, involvedObject, message: 'failed' }])).toBe(
    'newest Warning: no reason on Pod/envoy-1: failed',
  );
});

test('asks for Warnings only, of one namespace', async () => {
  const { kube } = fakeKube();
  const asked: object[] = [];
  const list = async (selection: object) => {
    asked.push(selection);
    return [];
  };
  expect(await newestWarning({ ...kube, list: list as never }, 'edge')).toBeUndefined();
  expect(asked).toEqual([{ apiVersion: 'v1', kind: 'Event', namespace: 'edge', fieldSelector: 'type=Warning' }]);
});
