import { expect, test } from 'vitest';
import { findBrokenHop } from '../../../src/proof/diagnosis/findings.ts';
import type { BrokenPath, HopRule } from '../../../src/proof/diagnosis/rule.ts';
import {
  noAnswerBehindEnvoy,
  noRoute,
  refused,
  rejected,
  wrongAnswer,
} from '../../../src/proof/diagnosis/traffic-rules.ts';
import { gateway } from '../../support/proof/local-path.ts';
import { liveGateway, name, readyPod, refusedPath, slicesWith } from '../../support/proof/path.ts';

const { view, port } = refusedPath;
type Case = readonly [string, Partial<BrokenPath>, string, string, string];
const withPort = (change: Partial<typeof port>): Partial<BrokenPath> => ({ port: { ...port, ...change } });
const withStatus = (change: object): Partial<BrokenPath> => ({
  view: { ...view, gateway: { ...liveGateway, status: { ...liveGateway.status, ...change } } },
});
const closed = { outcome: 'closed', seen: 'closed without a byte' } as const;
const pending = { ...readyPod('sample-1'), status: { phase: 'Pending' } };

const published: BrokenPath['gateway'] = { ...gateway, via: 'published' };

const publishedCases: readonly Case[] = [
  [
    'a published port that nothing is behind: what listens for it connects, then closes',
    { ...closed, ...withPort({ envoy: undefined }) },
    'envoy',
    '127.0.0.1:20000 refuses connections; Envoy itself could not be dialed from here',
    'kube-proxy',
  ],
  [
    'a published port of a Gateway that has the address of its node',
    { ...closed, ...withStatus({ addresses: [{ value: '192.168.49.2' }] }) },
    'envoy',
    'Envoy answers on its own port 28000, but 127.0.0.1:20000 refuses: kube-proxy does not forward to it',
    'kube-proxy',
  ],
  [
    'a published port of a task without a ready pod',
    { ...closed, ...withPort({ slices: slicesWith(false) }), view: { ...view, pods: [pending] } },
    'pod',
    `Service ${name} has no ready endpoint: pod sample-1 is not ready: phase Pending`,
    'events',
  ],
  [
    'a port that nothing publishes any more',
    {},
    'address',
    '127.0.0.1:20000 refuses: nothing publishes the port',
    '--recreate',
  ],
];

test.each(publishedCases)('%s', (_, change, hop, cause, hint) => {
  expect(findBrokenHop({ ...refusedPath, gateway: published, ...change })).toEqual({
    hop,
    finding: { cause, hint: expect.stringContaining(hint) },
  });
});

const causeOf = (rule: HopRule, change: Partial<BrokenPath>) => {
  const found = rule({ ...refusedPath, ...change });
  return found && `${found.hop}: ${found.finding.cause}`;
};
const silent = { outcome: 'silent', seen: 'silent for 2 s' } as const;
const noPod = `pod: Service ${name} has no ready endpoint`;
const slice = (...endpoints: readonly object[]) => [{ ...slicesWith()[0], endpoints }] as never;

test.each([
  ['closed', closed, withPort({ slices: [] }), noPod],
  ['silent', silent, withPort({ slices: [] }), noPod],
  ['refused', {}, withPort({ slices: [] }), undefined],
  ['refused, and silent past kube-proxy', {}, withPort({ slices: [], envoy: silent }), noPod],
  [
    'refused, and refused past kube-proxy',
    {},
    withPort({ slices: [], envoy: { outcome: 'refused', seen: 'x' } }),
    undefined,
  ],
  ['refused, and Envoy not dialed', {}, withPort({ slices: [], envoy: undefined }), undefined],
  [
    'silent, with a slice that says nothing',
    silent,
    withPort({ slices: [{ ...slicesWith()[0], endpoints: undefined }] as never }),
    noPod,
  ],
  [
    'silent, of an endpoint whose state is not known',
    silent,
    withPort({ slices: slice({ addresses: ['10.0.0.8'] }) }),
    'pod: Envoy receives no answer from the pod at 10.0.0.8: silent for 2 s',
  ],
  [
    'silent, of two of three endpoints',
    silent,
    withPort({ slices: [...slicesWith(true, false), ...slicesWith(true)] }),
    'pod: Envoy receives no answer from the pod at 10.0.0.9, 10.0.0.9: silent for 2 s',
  ],
] as const)('no answer behind Envoy: %s', (_, dialed, change, cause) => {
  expect(causeOf(noAnswerBehindEnvoy, { ...dialed, ...change })).toBe(cause);
});

test.each([
  ['an answer of Envoy itself', wrongAnswer, { outcome: 'refused' }, undefined],
  [
    'an Envoy that was not dialed',
    wrongAnswer,
    { outcome: 'wrong', seen: '426', ...withPort({ envoy: undefined }) },
    'pod: something else answers at 127.0.0.1:20000: 426',
  ],
  ['no link', rejected, {}, undefined],
  ['an Envoy that was not dialed', rejected, { link: 'tg-1', ...withPort({ envoy: undefined }) }, undefined],
  [
    'an Envoy that refuses',
    rejected,
    { link: 'tg-1', ...withPort({ envoy: { outcome: 'refused', seen: '' } }) },
    undefined,
  ],
  ['lost packets', rejected, { link: 'tg-1', outcome: 'timeout' }, undefined],
  ['another outcome', refused, { outcome: 'timeout' }, undefined],
  [
    'an Envoy that times out',
    refused,
    withPort({ envoy: { outcome: 'timeout', seen: '' } }),
    'envoy: 127.0.0.1:20000 refuses connections; Envoy itself could not be dialed from here',
  ],
] as const)('%s', (_, rule, change, cause) => {
  expect(causeOf(rule, change as Partial<BrokenPath>)).toBe(cause);
});

const reachable = 'the pod network is reachable, this address is not';
test.each([
  ['answered', { outcome: 'answered', connectMs: 1, latencyMs: 1, answer: '' }, reachable],
  ['refused', { outcome: 'refused', seen: '' }, reachable],
  ['timed out', { outcome: 'timeout', seen: '' }, 'routing or a firewall'],
  ['was not dialed', undefined, 'routing or a firewall'],
] as const)('no route, where Envoy %s', (_, envoy, where) => {
  const lost = { ...refusedPath, outcome: 'timeout', seen: 'no answer', ...withPort({ envoy }) } as const;
  const check = 'check the route (ip route get 127.0.0.1), firewalls, VPNs, and the tunnel of the provider';
  expect(noRoute(lost).finding).toEqual({
    cause: `no route from this host to 127.0.0.1:20000 (timeout): ${where}; no answer`,
    hint: check,
  });
  expect(noRoute({ ...lost, link: 'tg-1' }).finding.hint).toMatch(
    new RegExp(`^${RegExp.escape(check)}; allow the link: .* tg-1`),
  );
});
