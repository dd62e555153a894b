import { expect, test } from 'vitest';
import { unpullableFinder, watchForBlockers } from '../../../src/gateway/ready/blockers.ts';
import { KubeError } from '../../../src/lib/kube/client.ts';
import type { Pod } from '../../../src/lib/kube/shapes.ts';
import { type FakeKube, fakeKube } from '../../fakes/kube.ts';
import { spec } from '../../support/gateway/fixture.ts';

type Parts = { readonly name?: string; readonly labels?: Readonly<Record<string, string>>; readonly message?: string };

const pod = (
  reason: string,
  { name = 'envoy-1', labels = { app: 'envoy-tasks' }, message = 'no such host' }: Parts = {},
): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'projectcontour', labels },
  status: {
    containerStatuses: [
      { name: 'envoy', image: 'docker.io/envoyproxy/envoy:v1', state: { waiting: { reason, message } } },
    ],
  },
});
const backingOff = pod('ImagePullBackOff');
const inInit: Pod = { ...backingOff, status: { initContainerStatuses: backingOff.status?.containerStatuses ?? [] } };
const leaving: Pod = { ...backingOff, metadata: { ...backingOff.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };

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

/** What is found in each list of a watch. */
const foundIn = (...lists: readonly (readonly Pod[])[]) => {
  const find = unpullableFinder();
  return lists.map((pods) => find(pods)?.pod.metadata.name);
};

test.each([
  ['a new pod', [[], [pod('ContainerCreating')], [pod('ErrImagePull')], [backingOff]]],
  ['an init container', [[], [inInit]]],
  ['one that backed off at first, after its next attempt', [[backingOff], [pod('ErrImagePull')], [backingOff]]],
  ['another failure than at first', [[backingOff], [pod('ImagePullBackOff', { message: 'unauthorized' })]]],
  ['a pod that came since', [[pod('ImagePullBackOff', { name: 'old' })], [backingOff]]],
  ['an image that must be there', [[pod('ErrImageNeverPull')]]],
  ['a name that is none', [[pod('InvalidImageName')]]],
])('an image that its node cannot get: %s', (_, lists) => {
  expect(foundIn(...lists)).toEqual([...lists.slice(1).map(() => undefined), 'envoy-1']);
});

test.each([
  ['a failed attempt', [[], [pod('ErrImagePull')]]],
  ['a container that is made', [[], [pod('ContainerCreating')]]],
  ['a program that ends', [[], [pod('CrashLoopBackOff')]]],
  // kubelet's back-off: up to five minutes after the registry came back
  ['a pod of an earlier run that has not tried again yet', [[backingOff], [backingOff], [pod('Running')]]],
  ['a pod that is being deleted', [[], [leaving]]],
])('what may yet come right is no blocker: %s', (_, lists) => {
  expect(foundIn(...lists)).toEqual(lists.map(() => undefined));
});

test.each<Readonly<Record<string, string>>>([
  { app: 'envoy-tasks' },
  { app: 'contour-tasks' },
  { 'control-plane': 'contour-gateway-provisioner' },
])('an image that cannot be pulled ends the wait, with the way of this cluster: %o', async (labels) => {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: { providerID: 'kind://docker/lab/n' } };
  const fake = cluster([node]);
  const ended = expect(watching(fake, 60_000)).rejects.toMatchObject({
    id: 'gateway.image-pull',
    message:
      'the node cannot get docker.io/envoyproxy/envoy:v1 for pod envoy-1, container envoy: ImagePullBackOff: no such host',
    hint: 'load it: kind load docker-image docker.io/envoyproxy/envoy:v1 --name lab',
  });
  setTimeout(() => fake.put(pod('ImagePullBackOff', { labels })), 20);
  await ended;
});

test('pods of others in the same namespace do not', async () => {
  const fake = cluster();
  const running = watching(fake);
  setTimeout(() => fake.put(pod('ImagePullBackOff', { labels: { app: 'theirs' } })), 20);
  await expect(running).resolves.toBeUndefined();
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
