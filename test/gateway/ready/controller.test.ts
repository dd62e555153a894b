import { expect, test } from 'vitest';
import { findAddressOwner, findLateOwner, isControllerLikely } from '../../../src/gateway/ready/controller.ts';
import { UserError } from '../../../src/lib/errors.ts';
import { KubeError } from '../../../src/lib/kube/client.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { spec } from '../../support/gateway/fixture.ts';

const node = (providerID?: string) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n' },
  ...(providerID !== undefined && { spec: { providerID } }),
});
const metallb = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'metallb-system' } };
const cluster = (...objects: readonly object[]) =>
  fakeKube({ objects: objects as never, kinds: ['v1/Node', 'v1/Namespace', 'v1/Service'] });

test.each([
  ['a cloud', [node('aws:///eu-west-1a/i-0')], true],
  ['k3s', [node('k3s://lab')], true],
  ['MetalLB', [node(), metallb], true],
  ['a cloud, but for one node', [node('kind://docker/kind/n'), node('gce://p/z/n')], true],
  ['a name that begins as a cloud', [node('awsome://n')], false],
  ['a name that has a cloud in it', [node('kind://aws://n')], false],
  ['kind', [node('kind://docker/kind/n')], false],
  ['a node that says nothing', [node()], false],
])('a load balancer controller: %s', async (_, objects, isLikely) => {
  expect(await isControllerLikely(cluster(...objects).kube)).toBe(isLikely);
});

test('a bug is not taken for a cluster without one', async () => {
  const { kube } = cluster();
  const list = () => Promise.reject(new TypeError('no such field'));
  await expect(isControllerLikely({ ...kube, list })).rejects.toThrow('no such field');
});

test('who may not read that, does not wait for one', async () => {
  const { kube } = cluster();
  const list = () => Promise.reject(new KubeError(403, 'Forbidden', 'nodes is forbidden'));
  expect(await isControllerLikely({ ...kube, list })).toBe(false);
});

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name: 'envoy-tasks',
    namespace: 'projectcontour',
    managedFields: [{ manager: 'speaker', subresource: 'status', fieldsV1: { 'f:status': { 'f:loadBalancer': {} } } }],
  },
  status: { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } },
};

test('one that answers in time has the Service, one that does not leaves it', async () => {
  const fake = cluster({ ...service, status: {} });
  const finding = findLateOwner(fake.kube, spec, 60_000, undefined);
  setTimeout(() => fake.put(service as never), 20);
  expect(await finding).toEqual({ manager: 'speaker', address: '192.0.2.7' });
  expect(await findLateOwner(cluster().kube, spec, 30, undefined)).toBeUndefined();
});

const balanced = (ingress: readonly object[], ...managedFields: readonly object[]) =>
  ({ ...service, metadata: { ...service.metadata, managedFields }, status: { loadBalancer: { ingress } } }) as never;
const ip = [{ ip: '192.0.2.7' }];
const field = { 'f:status': { 'f:loadBalancer': {} } };

test.each([
  [
    'the writer of the address',
    balanced(ip, { manager: 'speaker', subresource: 'status', fieldsV1: field }),
    'speaker',
  ],
  [
    'behind one that wrote another field of the status',
    balanced(
      ip,
      { manager: 'webhook', subresource: 'status', fieldsV1: { 'f:status': { 'f:conditions': {} } } },
      { manager: 'webhook', subresource: 'status', fieldsV1: {} },
      { manager: 'webhook', subresource: 'status' },
      { manager: 'speaker', subresource: 'status', fieldsV1: field },
    ),
    'speaker',
  ],
  ['not one that wrote no status', balanced(ip, { manager: 'kubectl', fieldsV1: field }), undefined],
  ['not taskgate', balanced(ip, { manager: 'taskgate', subresource: 'status', fieldsV1: field }), undefined],
  ['not one without a name', balanced(ip, { subresource: 'status', fieldsV1: field }), undefined],
  ['not without an address', balanced([], { manager: 'speaker', subresource: 'status', fieldsV1: field }), undefined],
  ['not without a record', { ...service, metadata: { name: 'envoy-tasks' } }, undefined],
  ['not without a status', { ...service, status: undefined } as never, undefined],
  ['not without a load balancer', { ...service, status: {} }, undefined],
])('who owns an address: %s', (_, seen, manager) => {
  expect(findAddressOwner(seen)?.manager).toBe(manager);
});

test('an interrupt ends the wait for one that is late', async () => {
  const { kube } = cluster();
  for (const reason of [new Error('interrupted'), new UserError('not done in time', { id: 'environment.deadline' })]) {
    await expect(findLateOwner(kube, spec, 60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
  }
});
