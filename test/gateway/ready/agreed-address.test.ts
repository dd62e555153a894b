import { expect, test } from 'vitest';
import { awaitAgreedAddress, findAgreedAddress } from '../../../src/gateway/ready/agreed-address.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { spec } from '../../support/gateway/fixture.ts';

const service = (ip: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'envoy-tasks', namespace: 'projectcontour' },
  status: { loadBalancer: { ingress: [{ ip }] } },
});
const gateway = (value?: string) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'tasks', namespace: 'projectcontour' },
  spec: { listeners: [] },
  status: { ...(value !== undefined && { addresses: [{ value }] }) },
});

const serviceKind = 'v1/Service';
const gatewayKind = 'gateway.networking.k8s.io/v1/Gateway';

test('the address is the one on which Service and Gateway agree, whoever set it', async () => {
  const { kube } = fakeKube({ objects: [service('192.0.2.77'), gateway('192.0.2.77')] as never });
  expect(await awaitAgreedAddress(kube, spec, { timeoutMs: 5_000 })).toBe('192.0.2.77');
});

test('a load balancer controller that is late: its address counts once Contour has copied it', async () => {
  const fake = fakeKube({ objects: [service('10.0.0.2'), gateway()] as never });
  const agreeing = awaitAgreedAddress(fake.kube, spec, { timeoutMs: 60_000 });
  setTimeout(() => {
    fake.put(service('192.0.2.77') as never);
    fake.put(gateway('10.0.0.2') as never);
    fake.put(gateway('192.0.2.77') as never);
  }, 20);
  expect(await agreeing).toBe('192.0.2.77');
});

test('at the deadline both are named', async () => {
  const { kube } = fakeKube({ objects: [service('192.0.2.77'), gateway('10.0.0.2')] as never, kinds: ['v1/Event'] });
  await expect(awaitAgreedAddress(kube, spec, { timeoutMs: 30 })).rejects.toMatchObject({
    id: 'gateway.no-address',
    message: expect.stringContaining('it has 10.0.0.2, its Service 192.0.2.77'),
    hint: expect.stringContaining('service/envoy-tasks'),
  });
});

test('one look: the address, or none while the two differ', async () => {
  const look = (...objects: readonly object[]) =>
    findAgreedAddress(fakeKube({ objects: objects as never, kinds: [serviceKind, gatewayKind] }).kube, spec);
  expect(await look(service('192.0.2.77'), gateway('192.0.2.77'))).toBe('192.0.2.77');
  expect(await look(service('192.0.2.77'), gateway('10.0.0.2'))).toBeUndefined();
  expect(await look()).toBeUndefined();
});
