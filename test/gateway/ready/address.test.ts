import { expect, test } from 'vitest';
import { loadBalancerPatch, setLoadBalancerAddress } from '../../../src/gateway/ready/address.ts';
import { findAddressOwner } from '../../../src/gateway/ready/controller.ts';
import { describeProgress } from '../../../src/lib/progress.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { spec } from '../../support/gateway/fixture.ts';

const service = (ingress?: readonly object[]) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'envoy-tasks', namespace: 'projectcontour' },
  status: { loadBalancer: ingress ? { ingress } : {} },
});
const vip = { ip: '10.0.0.2', ipMode: 'VIP' };
const input = { address: '10.0.0.2', timeoutMs: 5_000 };

test.each([
  [undefined, true],
  [[], true],
  [[{ ip: '10.0.0.9', ipMode: 'VIP' }], true],
  [[{ ip: '10.0.0.2' }], true],
  [[vip, { ip: '10.0.0.9' }], true],
  [[vip], false],
])('ingress %j must be written: %s', (ingress, isWritten) => {
  expect(loadBalancerPatch(service(ingress), '10.0.0.2') !== undefined).toBe(isWritten);
});

test('a Service of which nothing is known gets its address', () => {
  const { status: _, ...bare } = service();
  const written = { status: { loadBalancer: { ingress: [vip] } } };
  expect(loadBalancerPatch(bare, '10.0.0.2')).toEqual(written);
  expect(loadBalancerPatch({ ...bare, status: {} }, '10.0.0.2')).toEqual(written);
});

test('waits for the Service, then patches its status', async () => {
  const { kube, put, writes, objects } = fakeKube({ kinds: ['v1/Service'] });
  const publishing = setLoadBalancerAddress(kube, spec, input);
  put(service());
  await publishing;
  expect(writes()).toEqual(['patch/status Service projectcontour/envoy-tasks']);
  expect(objects()[0]).toMatchObject({ status: { loadBalancer: { ingress: [vip] } } });
});

const writtenBy = (manager: string, ingress: readonly object[], subresource = 'status') => {
  const written = service(ingress);
  const managedFields = [{ manager, subresource, fieldsV1: { 'f:status': { 'f:loadBalancer': {} } } }];
  return { ...written, metadata: { ...written.metadata, managedFields } };
};

test.each([
  ['speaker', [{ ip: '192.0.2.7' }], { manager: 'speaker', address: '192.0.2.7' }],
  [
    'cloud-controller-manager',
    [{ hostname: 'lb.example' }],
    { manager: 'cloud-controller-manager', address: 'lb.example' },
  ],
  ['taskgate', [vip], undefined],
  ['speaker', [], undefined],
])('the address that %s gave as %j is of %j', (manager, ingress, owner) =>
  expect(findAddressOwner(writtenBy(manager, ingress))).toEqual(owner));

test('an address that another load balancer controller gave stays, and is told', async () => {
  const { kube, writes } = fakeKube({ objects: [writtenBy('speaker', [{ ip: '192.0.2.7' }])] });
  const told: string[] = [];
  expect(
    await setLoadBalancerAddress(kube, spec, { ...input, report: (line) => told.push(describeProgress(line)) }),
  ).toBe('192.0.2.7');
  expect(writes()).toEqual([]);
  expect(told).toEqual(['the Gateway keeps its address 192.0.2.7, which speaker has set']);
});

test('writes nothing the second time', async () => {
  const { kube, writes } = fakeKube({ objects: [service([vip])] });
  await setLoadBalancerAddress(kube, spec, input);
  expect(writes()).toEqual([]);
});

test('wants an address, not a name', async () => {
  const { kube } = fakeKube();
  await expect(setLoadBalancerAddress(kube, spec, { ...input, address: 'node.local' })).rejects.toMatchObject({
    id: 'gateway.bad-address',
    message: "gateway address 'node.local' is not an IP address",
  });
});

test('names the missing Service and the newest Warning at the deadline', async () => {
  const warning = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e', namespace: 'projectcontour' },
    type: 'Warning',
    reason: 'FailedScheduling',
    message: '0/1 nodes are available',
    involvedObject: { kind: 'Pod', name: 'contour-gateway-provisioner-1' },
  };
  const { kube } = fakeKube({ objects: [warning], kinds: ['v1/Service'] });
  await expect(setLoadBalancerAddress(kube, spec, { ...input, timeoutMs: 20 })).rejects.toMatchObject({
    id: 'gateway.no-service',
    message:
      'Service envoy-tasks not ready after 0s: the provisioner has not created it yet (newest Warning: FailedScheduling on Pod/contour-gateway-provisioner-1: 0/1 nodes are available)',
  });
});

const cloud = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: { providerID: 'aws:///eu/i-0' } };
const kinds = ['v1/Service', 'v1/Node', 'v1/Namespace'];
const late = { ...input, controllerMs: 30 };

test.each([
  ['in a cloud', [cloud], late, ['list Node', 'watch Service', 'watch Service']],
  ['without a sign of one', [], late, ['list Node', 'watch Service']],
  ['in a cloud, where no time is given', [cloud], input, ['watch Service']],
])('a load balancer controller that may be late is waited for: %s', async (_, nodes, given, looks) => {
  const { kube, calls } = fakeKube({ objects: [service(), ...nodes] as never, kinds });
  expect(await setLoadBalancerAddress(kube, spec, given)).toBe('10.0.0.2');
  expect(calls.filter((call) => /^(watch|list)/.test(call)).sort()).toEqual(looks);
});

test('a controller that is late keeps its address', async () => {
  const fake = fakeKube({ objects: [service(), cloud] as never, kinds });
  const setting = setLoadBalancerAddress(fake.kube, spec, { ...input, controllerMs: 60_000 });
  setTimeout(() => fake.put(writtenBy('cloud', [{ ip: '192.0.2.7' }])), 20);
  expect(await setting).toBe('192.0.2.7');
  expect(fake.writes()).toEqual([]);
});

test('what must be done before is done before the address is written', async () => {
  const { kube, writes } = fakeKube({ objects: [service()] });
  let seen: readonly string[] | undefined;
  const before = async () => {
    seen = writes();
  };
  await setLoadBalancerAddress(kube, spec, { ...input, before });
  expect(seen).toEqual([]);
  expect(writes()).toHaveLength(1);
});

test('an interrupt ends the wait for the Service', async () => {
  const { kube } = fakeKube({ kinds });
  const signal = AbortSignal.abort(new Error('interrupted'));
  await expect(setLoadBalancerAddress(kube, spec, { ...input, signal })).rejects.toThrow('interrupted');
});
