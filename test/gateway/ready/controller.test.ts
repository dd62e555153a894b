import { expect, test } from 'vitest';
import { findLateOwner, isControllerLikely } from '../../../src/gateway/ready/controller.ts';
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
  ['kind', [node('kind://docker/kind/n')], false],
  ['a node that says nothing', [node()], false],
])('a load balancer controller: %s', async (_, objects, isLikely) => {
  expect(await isControllerLikely(cluster(...objects).kube)).toBe(isLikely);
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
