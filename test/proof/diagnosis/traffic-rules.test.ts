import { expect, test } from 'vitest';
import { findBrokenHop } from '../../../src/proof/diagnosis/findings.ts';
import type { BrokenPath } from '../../../src/proof/diagnosis/rule.ts';
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
