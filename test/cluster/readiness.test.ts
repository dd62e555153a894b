import { expect, test } from 'vitest';
import { isNodeReady, waitForKubeProxy, waitForNode, waitForServiceAccount } from '../../src/cluster/readiness.ts';
import type { Node } from '../../src/lib/kube/shapes.ts';
import { fakeKube, refusal } from '../fakes/kube.ts';

const since = new Date('2026-01-01T00:00:10Z');
const signal = new AbortController().signal;
const wait = { timeoutMs: 200, signal };

const nodeWith = (ready: object, taints: readonly { readonly key: string; readonly effect?: string }[] = []): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'dev' },
  spec: { taints },
  status: {
    conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-01T00:00:10Z', ...ready }],
  },
});

test.each<readonly [what: string, nodes: readonly Node[], verdict: true | string]>([
  ['none', [], 'not registered yet'],
  ['no conditions', [{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'dev' } }], 'no Ready condition yet'],
  ['not ready', [nodeWith({ status: 'False', message: 'cni not ready' })], 'cni not ready'],
  ['Ready before', [nodeWith({ lastHeartbeatTime: '2026-01-01T00:00:08Z' })], 'no heartbeat since the start'],
  ['Ready in the same second', [nodeWith({ lastHeartbeatTime: '2026-01-01T00:00:09Z' })], true],
  ['tainted', [nodeWith({}, [{ key: 'node.kubernetes.io/not-ready' }])], 'tainted node.kubernetes.io/not-ready'],
  [
    'cordoned',
    [{ ...nodeWith({}), spec: { unschedulable: true, taints: [{ key: 'node.kubernetes.io/unschedulable' }] } }],
    'cordoned; kubectl uncordon dev lets new pods run there',
  ],
  ['Ready', [nodeWith({})], true],
  ['only avoided by pods that can', [nodeWith({}, [{ key: 'upgrade', effect: 'PreferNoSchedule' }])], true],
  [
    'avoided, and closed',
    [
      nodeWith({}, [
        { key: 'upgrade', effect: 'PreferNoSchedule' },
        { key: 'gpu', effect: 'NoExecute' },
      ]),
    ],
    'tainted gpu',
  ],
])('node: %s', (_, nodes, verdict) => {
  expect(isNodeReady(since)(nodes)).toBe(verdict);
});

test('waits for a node to become ready', async () => {
  const fake = fakeKube({ objects: [nodeWith({ status: 'False' })] });
  const waiting = waitForNode(fake.kube, { node: 'dev', hint: 'look there', since, ...wait, timeoutMs: 5_000 });
  fake.put(nodeWith({}));
  await waiting;
  expect(fake.writes()).toEqual([]);
});

test('reports a node that is not ready in time, and a missing ServiceAccount', async () => {
  const { kube } = fakeKube({ kinds: ['v1/Node', 'v1/ServiceAccount'] });
  await expect(waitForNode(kube, { node: 'dev', hint: 'look there', since, ...wait })).rejects.toMatchObject({
    id: 'cluster.node-not-ready',
    hint: 'look there',
    message: expect.stringContaining('Node dev not ready after 0s: not registered yet'),
  });
  await expect(waitForServiceAccount(kube, { namespace: 'default', ...wait })).rejects.toMatchObject({
    id: 'cluster.no-service-account',
    message: expect.stringContaining('ServiceAccount of default not ready after 0s'),
  });
});

test('asks the kubelet for the health of kube-proxy; a late one is not an error', async () => {
  const path = '/api/v1/nodes/dev:10256/proxy/healthz';
  const { kube } = fakeKube({ texts: { [path]: 'ok' } });
  expect(await waitForKubeProxy(kube, { node: 'dev', ...wait })).toBe(true);
  const refused = { ...kube, text: () => Promise.reject(refusal(503, 'ServiceUnavailable', 'connection refused')) };
  expect(await waitForKubeProxy(refused, { node: 'dev', ...wait })).toBe(false);
});
