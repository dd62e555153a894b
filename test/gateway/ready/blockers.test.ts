import { expect, test } from 'vitest';
import { findUnpullable, watchForBlockers } from '../../../src/gateway/ready/blockers.ts';
import { KubeError } from '../../../src/lib/kube/client.ts';
import type { Pod } from '../../../src/lib/kube/shapes.ts';
import { type FakeKube, fakeKube } from '../../fakes/kube.ts';
import { spec } from '../../support/gateway/fixture.ts';

const pod = (reason: string, isInit = false): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'envoy-1', namespace: 'projectcontour' },
  status: {
    [isInit ? 'initContainerStatuses' : 'containerStatuses']: [
      {
        name: 'envoy',
        image: 'docker.io/envoyproxy/envoy:v1',
        state: { waiting: { reason, message: 'no such host' } },
      },
    ],
  },
});

const event = (message: string, { count = 1, reason = 'FailedCreate' } = {}) => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'e', namespace: 'projectcontour', uid: 'e' },
  involvedObject: { kind: 'DaemonSet', name: 'envoy-tasks' },
  ...{ type: 'Warning', reason, message, count },
});
const quota = 'Error creating: pods "envoy-tasks-x" is forbidden: exceeded quota: q, requested: pods=1';

const watching = (fake: FakeKube, ms = 150): Promise<void> =>
  watchForBlockers(fake.kube, spec, AbortSignal.timeout(ms));
const cluster = (objects: readonly object[] = []) =>
  fakeKube({ objects: objects as never, kinds: ['v1/Pod', 'v1/Event', 'v1/Node'] });

test.each([
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
])('an image that its node cannot get: %s', (reason) => {
  expect(findUnpullable([pod(reason)])?.status.image).toBe('docker.io/envoyproxy/envoy:v1');
  expect(findUnpullable([pod(reason, true)])?.pod.metadata.name).toBe('envoy-1');
});

test.each([
  'ErrImagePull',
  'ContainerCreating',
  'CrashLoopBackOff',
])('what may yet come right is no blocker: %s', (reason) => {
  expect(findUnpullable([pod(reason)])).toBeUndefined();
});

test('an image that cannot be pulled ends the wait, with the way of this cluster', async () => {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: { providerID: 'kind://docker/lab/n' } };
  await expect(watching(cluster([pod('ImagePullBackOff'), node]), 60_000)).rejects.toMatchObject({
    id: 'gateway.image-pull',
    message:
      'the node cannot get docker.io/envoyproxy/envoy:v1 for pod envoy-1, container envoy: ImagePullBackOff: no such host',
    hint: 'load it: kind load docker-image docker.io/envoyproxy/envoy:v1 --name lab',
  });
});

test('pods that are not admitted end the wait', async () => {
  const fake = cluster();
  const refused = expect(watching(fake, 60_000)).rejects.toMatchObject({
    id: 'gateway.pod-refused',
    message: `DaemonSet envoy-tasks may not create its pods: ${quota}`,
    hint: expect.stringContaining('raise ResourceQuota q'),
  });
  await Promise.resolve();
  setTimeout(() => fake.put(event(quota)), 20);
  await refused;
});

test('an event of an earlier run does not, until it is seen again', async () => {
  const fake = cluster([event(quota)]);
  await watching(fake);
  const again = expect(watching(fake, 60_000)).rejects.toMatchObject({ id: 'gateway.pod-refused' });
  setTimeout(() => fake.put(event(quota, { count: 2 })), 20);
  await again;
});

test('neither another event does, nor a refusal that ends by itself', async () => {
  const fake = cluster();
  const running = watching(fake);
  setTimeout(() => {
    fake.put(event('0/1 nodes are available', { reason: 'FailedScheduling' }));
    fake.put(
      event('Error creating: pods "x" is forbidden: error looking up service account a/b: not found', { count: 2 }),
    );
  }, 20);
  await expect(running).resolves.toBeUndefined();
});

test('who may not look waits as before', async () => {
  const fake = cluster();
  const kube: typeof fake.kube = {
    ...fake.kube,
    watch: () => {
      throw new KubeError(403, 'Forbidden', 'events is forbidden');
    },
  };
  await watchForBlockers(kube, spec, AbortSignal.timeout(60_000));
  expect(fake.writes()).toEqual([]);
});
