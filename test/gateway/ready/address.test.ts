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
