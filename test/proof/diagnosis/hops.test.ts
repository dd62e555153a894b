import { expect, test } from 'vitest';
import { forwardHopsOf, reverseHopsOf } from '../../../src/proof/diagnosis/hops.ts';
import type { DialResult } from '../../../src/proof/probe/dial.ts';
import type { FoundMaster } from '../../../src/proof/probe/placeholder-master.ts';
import type { ReverseResult } from '../../../src/proof/probe/reverse.ts';
import { gateway, masterAt } from '../../support/proof/local-path.ts';
import { refusedPath, routeWith } from '../../support/proof/path.ts';

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
});
