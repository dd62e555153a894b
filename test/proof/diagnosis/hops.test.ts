import { expect, test } from 'vitest';
import { forwardHopsOf, reverseHopsOf } from '../../../src/proof/diagnosis/hops.ts';
import type { DialResult } from '../../../src/proof/probe/dial.ts';
import type { FoundMaster } from '../../../src/proof/probe/placeholder-master.ts';
import type { ReverseResult } from '../../../src/proof/probe/reverse.ts';
import { gateway, masterAt } from '../../support/proof/local-path.ts';
import { condition, refusedPath, routeWith, slicesWith } from '../../support/proof/path.ts';

const answered: DialResult = { outcome: 'answered', connectMs: 0.4, latencyMs: 2.5, answer: 'x' };
const { exposure, view, port } = refusedPath;
const hopsOf = (dialed: DialResult, change: object = {}) =>
  forwardHopsOf({ exposure, view, gateway, dialed, port: { ...port, ...change } });
const reverseOf = (dialed: ReverseResult, found: FoundMaster = { kind: 'none' }) =>
  reverseHopsOf({ localPort: 8080, dialed, found, master: masterAt(8080, '10.98.0.1') });

test('the hops follow the picture', () => {
  const hops = hopsOf(answered);
  expect(hops.map(({ from, to }) => `${from} -> ${to}`)).toEqual([
    'host -> 127.0.0.1:20000',
    '127.0.0.1:20000 -> Envoy',
    'Envoy -> TCPRoute',
    'TCPRoute -> Service',
    'Service -> pod (http 8080)',
  ]);
  expect(hops.every(({ ok, direction }) => ok && direction === 'forward')).toBe(true);
  expect(hops.map(({ latencyMs }) => latencyMs)).toEqual([0.4, undefined, undefined, undefined, 2.5]);
  expect(hops[1]?.evidence).toBe('envoy-1 10.0.0.9, its port 28000');
  expect(hops[3]?.evidence).toContain('endpoints 10.0.0.9');
});

test.each([
  ['accepted', routeWith(condition('Accepted', 'True')), 'Accepted'],
  ['accepted among others', routeWith(condition('ResolvedRefs', 'False'), condition('Accepted', 'True')), 'Accepted'],
  ['not accepted', routeWith(condition('Accepted', 'False')), 'carries traffic, its status is not written yet'],
  ['another condition', routeWith(condition('ResolvedRefs', 'True')), 'carries traffic, its status is not written yet'],
  ['not seen', 'unknown', 'carries traffic, its status is not written yet'],
  ['no status', { ...routeWith(), status: undefined }, 'carries traffic, its status is not written yet'],
  ['nothing said', { ...routeWith(), status: { parents: [{}] } }, 'carries traffic, its status is not written yet'],
])('what is proven of a route: %s', (_, route, evidence) => {
  expect(hopsOf(answered, { route })[2]?.evidence).toBe(`${exposure.name}: ${evidence}`);
});

const envoyWith = (status?: object) => ({ ...view, envoyPods: [{ ...view.envoyPods[0], status }] }) as typeof view;

test.each([
  ['no pod', { ...view, envoyPods: [] }],
  ['no status', envoyWith()],
  ['no address', envoyWith({})],
])('an Envoy that was not seen is not known: %s', (_, seen) => {
  const hops = forwardHopsOf({ exposure, view: seen, gateway, dialed: answered, port });
  expect(hops[1]?.evidence).toBe('pod not known, its port 28000');
});

test.each([
  ['two slices', [...slicesWith(true), ...slicesWith(false, true)], '10.0.0.9, 10.0.0.9, 10.0.0.9'],
  ['a slice without endpoints', [{ ...slicesWith()[0], endpoints: undefined }], 'not known'],
  ['no slice', [], 'not known'],
])('the endpoints of a Service: %s', (_, slices, endpoints) => {
  expect(hopsOf(answered, { slices })[3]?.evidence).toBe(`${exposure.name}:8080, endpoints ${endpoints}`);
});

test('what a connection proves depends on what listens, and an answer on its protocol', () => {
  const evidenceOf = (via: 'node' | 'published' | 'forward', protocol: 'http' | 'tcp') =>
    forwardHopsOf({
      ...{ view, port, dialed: answered, exposure: { ...exposure, protocol }, gateway: { ...gateway, via } },
    }).map(({ evidence }) => evidence);
  expect(evidenceOf('published', 'http')).toMatchObject({
    0: 'connected to the published port',
    4: 'fresh nonce echoed over HTTP',
  });
  expect(evidenceOf('node', 'tcp')).toMatchObject({
    0: 'connected',
    4: 'fresh host name of the pod read over plain TCP',
  });
  expect(evidenceOf('forward', 'http')[0]).toBe('connected');
});

test('what lies before the broken hop is well as far as it was looked at', () => {
  const hops = hopsOf({ outcome: 'refused', seen: 'ECONNREFUSED' }, { service: 'absent' });
  expect(hops.slice(0, 3).map(({ evidence }) => evidence)).toEqual(Array(3).fill('no problem found up to here'));
});

test('a status that lags behind the traffic is not a fault', () => {
  expect(hopsOf(answered, { route: routeWith() })[2]).toMatchObject({
    ok: true,
    evidence: expect.stringContaining('carries traffic, its status is not written yet'),
  });
});

test('only the first broken hop has a finding; what lies behind it was not reached', () => {
  const hops = hopsOf({ outcome: 'refused', seen: 'ECONNREFUSED' }, { service: 'absent' });
  expect(hops.map(({ ok }) => ok)).toEqual([true, true, true, false, false]);
  expect(hops.map(({ finding }) => finding !== undefined)).toEqual([false, false, false, true, false]);
  expect(hops[3]?.evidence).toBe('refused: ECONNREFUSED');
  expect(hops[4]?.evidence).toBe('not reached');
});

test('the reverse hops name DET_MASTER and who answers', () => {
  const hops = reverseOf({ outcome: 'answered', latencyMs: 3, evidence: 'nonce came back' });
  expect(hops.map(({ from, to, ok }) => [from, to, ok])).toEqual([
    ['pod', 'DET_MASTER http://10.98.0.1:8080', true],
    ['DET_MASTER http://10.98.0.1:8080', 'placeholder master', true],
  ]);
  const master = { kind: 'master', version: '0.38.1', clusterId: 'c' } as const;
  expect(reverseOf({ outcome: 'refused', seen: 'x' }, master)[1]?.to).toBe('master 0.38.1');
  expect(reverseOf({ outcome: 'refused', seen: 'x' }, { kind: 'foreign', seen: 'nginx' })[1]?.to).toBe('master');
});

test.each([
  [{ outcome: 'refused', seen: 'x' }, { kind: 'none' }, [false, false], 0],
  [{ outcome: 'wrong', seen: 'x' }, { kind: 'none' }, [true, false], 1],
  [{ outcome: 'refused', seen: 'x' }, { kind: 'loopback-only', seen: 'master' }, [false, false], 0],
  [{ outcome: 'refused', seen: 'x' }, { kind: 'foreign', seen: 'nginx' }, [false, false], 0],
] as const)('the first broken reverse hop of %j with %j', (dialed, found, ok, at) => {
  const hops = reverseOf(dialed, found);
  expect(hops.map((hop) => hop.ok)).toEqual(ok);
  expect(hops.findIndex(({ finding }) => finding)).toBe(at);
  expect(hops[at]?.evidence).toBe(`${dialed.outcome}: x`);
  expect(hops[1 - at]?.evidence).toBe(at === 0 ? 'not reached' : 'the pod dialed it and received an answer');
});
