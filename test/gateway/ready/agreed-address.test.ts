import { expect, test } from 'vitest';
import { awaitAgreedAddress, findAgreedAddress } from '../../../src/gateway/ready/agreed-address.ts';
import type { Progress } from '../../../src/lib/progress.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { spec } from '../../support/gateway/fixture.ts';

const balanced = (status?: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'envoy-tasks', namespace: 'projectcontour' },
  ...(status && { status }),
});
const service = (...ips: readonly string[]) => balanced({ loadBalancer: { ingress: ips.map((ip) => ({ ip })) } });
const named = balanced({ loadBalancer: { ingress: [{ hostname: 'lb.example' }] } });

const gateway = (...values: readonly string[]) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'tasks', namespace: 'projectcontour' },
  spec: { listeners: [] },
  status: { ...(values.length > 0 && { addresses: values.map((value) => ({ value })) }) },
});
const unseen = { ...gateway(), status: undefined };
const elsewhere = { ...gateway('192.0.2.78'), metadata: { name: 'other', namespace: 'projectcontour' } };

const kinds = ['v1/Service', 'v1/Event', 'gateway.networking.k8s.io/v1/Gateway'];
const cluster = (...objects: readonly object[]) => fakeKube({ objects: objects as never, kinds });

test('the address is the one on which Service and Gateway agree, whoever set it', async () => {
  const { kube } = cluster(elsewhere, service('192.0.2.77'), gateway('192.0.2.77'));
  expect(await awaitAgreedAddress(kube, spec, { timeoutMs: 5_000 })).toBe('192.0.2.77');
});

test('a load balancer controller that is late: its address counts once Contour has copied it', async () => {
  const fake = cluster(service('10.0.0.2'), gateway());
  const seen: Progress[] = [];
  const report = (one: Progress | string) => seen.push(one as Progress);
  const agreeing = awaitAgreedAddress(fake.kube, spec, { timeoutMs: 60_000, report });
  setTimeout(() => {
    fake.put(service('192.0.2.77') as never);
    fake.put(gateway('10.0.0.2') as never);
    fake.put(gateway('192.0.2.77') as never);
  }, 20);
  expect(await agreeing).toBe('192.0.2.77');
  expect(seen[0]).toEqual({ name: "Gateway tasks's address", state: 'it has none yet, its Service 10.0.0.2' });
});

const warning = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'e', namespace: 'projectcontour' },
  ...{ type: 'Warning', reason: 'SyncFailed', message: 'no free address' },
  involvedObject: { kind: 'Service', name: 'envoy-tasks' },
};

test.each([
  ['two that differ', [service('192.0.2.77'), gateway('10.0.0.2')], 'it has 10.0.0.2, its Service 192.0.2.77'],
  ['several', [named, gateway('10.0.0.2', '10.0.0.3')], 'it has 10.0.0.2, 10.0.0.3, its Service lb.example'],
  ['none', [balanced(), gateway()], 'it has none yet, its Service none'],
  ['no status', [unseen], 'it has none yet, its Service none'],
  ['no Gateway', [service('192.0.2.77')], 'it has none yet, its Service 192.0.2.77'],
])('at the deadline both are named, and the newest Warning: %s', async (_, objects, seen) => {
  const { kube } = cluster(...objects, warning);
  await expect(awaitAgreedAddress(kube, spec, { timeoutMs: 30 })).rejects.toMatchObject({
    id: 'gateway.no-address',
    message: `Gateway tasks's address not ready after 0s: ${seen} (newest Warning: SyncFailed on Service/envoy-tasks: no free address)`,
    hint: expect.stringContaining('service/envoy-tasks'),
  });
});

test('an interrupt ends the wait', async () => {
  const signal = AbortSignal.abort(new Error('interrupted'));
  await expect(awaitAgreedAddress(cluster().kube, spec, { timeoutMs: 60_000, signal })).rejects.toThrow('interrupted');
});

test.each([
  ['both have it', [service('192.0.2.77'), gateway('192.0.2.77')], '192.0.2.77'],
  ['a load balancer that has a name', [named, gateway('lb.example')], 'lb.example'],
  ['one of several that the Gateway has', [service('192.0.2.77'), gateway('10.0.0.2', '192.0.2.77')], '192.0.2.77'],
  ['the two differ', [service('192.0.2.77'), gateway('10.0.0.2')], undefined],
  ['the second of a load balancer', [service('192.0.2.77', '192.0.2.78'), gateway('192.0.2.78')], undefined],
  ['the Service has no status', [balanced(), gateway('192.0.2.77')], undefined],
  ['the Service has no load balancer', [balanced({}), gateway('192.0.2.77')], undefined],
  ['the Gateway has no address', [service('192.0.2.77'), gateway()], undefined],
  ['the Gateway has no status', [service('192.0.2.77'), unseen], undefined],
  ['neither is there', [], undefined],
])('one look: %s', async (_, objects, address) => {
  expect(await findAgreedAddress(cluster(...objects).kube, spec)).toBe(address);
});
