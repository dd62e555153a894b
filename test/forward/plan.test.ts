import { expect, test } from 'vitest';
import { judgeForwards, type Seen, servingPods, wantedListeners } from '../../src/forward/plan.ts';
import { explainListen } from '../../src/forward/server.ts';
import type { Gateway, Pod } from '../../src/lib/kube/shapes.ts';
import type { ListenerStatus } from '../../src/model/tunnel-status.ts';

const gatewayWith = (...ports: readonly number[]): Gateway => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'contour', namespace: 'projectcontour' },
  spec: { listeners: ports.map((port) => ({ name: `det-${port}`, port, protocol: 'TCP' })) },
});

test.each([
  ['no Gateway', undefined, []],
  ['only a seed listener', gatewayWith(19_999), []],
  ['both ends of the range, and what lies outside', gatewayWith(19_999, 20_000, 20_199, 20_200), [20_000, 20_199]],
])('wanted listeners of %s', (_, gateway, ports) => {
  const wanted = wantedListeners(gateway, { start: 20_000, end: 20_199 });
  expect([...wanted.values()]).toEqual(ports.map((port) => ({ name: `det-${port}`, port })));
});

const pod = (name: string, ready: boolean, { going = false, phase = 'Running' } = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...(going && { deletionTimestamp: '2026-08-30T00:00:00Z' }) },
  status: { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});

test.each([
  ['none', [], []],
  ['one that is ready', [pod('a', true)], ['a']],
  ['one that is not ready yet', [pod('a', false)], []],
  ['the new one beside one that drains', [pod('a', true, { going: true }), pod('b', true)], ['b']],
  ['one that drains while no other is ready', [pod('a', false, { going: true }), pod('b', false)], ['a']],
  ['one that has ended', [pod('a', false, { going: true, phase: 'Succeeded' })], []],
  ['one without a status', [{ ...pod('a', true), status: undefined }], []],
])('pods that take connections: %s', (_, pods, names) => {
  expect(servingPods(pods)).toEqual(names);
});

const listener = (port: number, state: ListenerStatus['state'], detail?: string): ListenerStatus => ({
  name: `det-${port}`,
  port,
  state,
  ...(detail && { detail }),
  connections: 0,
});

const good: Seen = { gateway: { name: 'contour', isThere: true }, pods: ['a'], listeners: [listener(20_000, 'up')] };

test.each<[string, Seen, object]>([
  ['nothing seen', { listeners: [] }, { state: 'starting' }],
  ['pods not seen', { ...good, pods: undefined }, { state: 'starting' }],
  ['all well', good, { state: 'up' }],
  ['no listener', { ...good, listeners: [] }, { state: 'up' }],
  ['an outage before all else', { ...good, pods: [], outage: 'gone' }, { state: 'backoff', detail: 'gone' }],
  [
    'no Gateway',
    { ...good, gateway: { name: 'contour', isThere: false } },
    { state: 'degraded', detail: 'there is no Gateway contour' },
  ],
  ['no pod', { ...good, pods: [] }, { state: 'degraded', detail: 'no Envoy pod of Gateway contour is ready' }],
  [
    'a port that is taken',
    { ...good, listeners: [...good.listeners, listener(20_001, 'backoff', '20001 taken')] },
    { state: 'degraded', detail: '20001 taken' },
  ],
  [
    'several ports that are taken',
    { ...good, listeners: [20_001, 20_002].map((port) => listener(port, 'backoff', `${port} taken`)) },
    { state: 'degraded', detail: '20001 taken (and 1 more)' },
  ],
])('the state of all forwards: %s', (_, seen, state) => {
  expect(judgeForwards(seen)).toEqual(state);
});

test.each([
  [
    'EADDRINUSE',
    /^port 20003 of 127\.0\.0\.1 is used by another program: stop it \(ss -ltnp 'sport = :20003' shows it\)/,
  ],
  ['EADDRNOTAVAIL', /^127\.0\.0\.1 is no address of this host: set gateway\.forwardAddress to one that is/],
  ['EACCES', /^port 20003 of 127\.0\.0\.1 cannot be listened on: bind EACCES$/],
])('%s is explained', (code, text) => {
  expect(explainListen(Object.assign(new Error(`bind ${code}`), { code }), '127.0.0.1', 20_003)).toMatch(text);
});
