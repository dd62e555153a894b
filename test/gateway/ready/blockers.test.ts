import { expect, test } from 'vitest';
import { unpullableFinder, watchForBlockers } from '../../../src/gateway/ready/blockers.ts';
import { UserError } from '../../../src/lib/errors.ts';
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

const withUid = (one: Pod, uid: string): Pod => ({ ...one, metadata: { ...one.metadata, uid } });
const ofContainer = (one: Pod, name: string): Pod => ({
  ...one,
  status: { containerStatuses: (one.status?.containerStatuses ?? []).map((status) => ({ ...status, name })) },
});
const unseen: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: backingOff.metadata };
const running: Pod = { ...backingOff, status: { containerStatuses: [{ name: 'envoy', state: { running: {} } }] } };

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
  ['another pod of the same name', [[withUid(backingOff, 'u-1')], [withUid(backingOff, 'u-2')]]],
  ['another container than at first', [[backingOff], [ofContainer(backingOff, 'shutdown-manager')]]],
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
  ['a pod that no node has yet', [[], [unseen]]],
  ['a container that runs', [[], [running]]],
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
    fake.put(named('m', quota, {}, 'FailedMount') as never);
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

test('what a node says of an image may be short, and the nodes may not be readable', async () => {
  const fake = cluster();
  const list = () => Promise.reject(new KubeError(403, 'Forbidden', 'nodes is forbidden'));
  const status = { containerStatuses: [{ name: 'envoy', state: { waiting: { reason: 'InvalidImageName' } } }] };
  fake.put({ ...backingOff, status } as never);
  const ended = watchForBlockers({ ...fake.kube, list }, spec, AbortSignal.timeout(60_000));
  await expect(ended).rejects.toMatchObject({
    message: 'the node cannot get its image for pod envoy-1, container envoy: InvalidImageName',
    hint: 'give the nodes access to the registry of its image, or load the image into each of them',
  });
});

const named = (name: string, message: string | undefined, more: object = {}, reason = 'FailedCreate') => {
  const { metadata, message: _, ...rest } = event('', { reason });
  return { ...rest, ...(message !== undefined && { message }), metadata: { ...metadata, name, uid: name, ...more } };
};

test.each([
  ['behind others that may pass', [named('a', undefined), named('b', 'no node'), named('c', quota)]],
  ['at the provisioner, in another namespace', [named('a', quota, { namespace: 'projectcontour' })]],
  [
    'that comes again with the same name',
    [{ ...named('a', quota), metadata: { name: 'e', namespace: 'edge', uid: '2' } }],
  ],
  [
    'that is seen again without a count',
    [{ ...named('e', quota, { namespace: 'edge' }), lastTimestamp: '2026-01-01T00:00:05Z' }],
  ],
])('a refusal %s', async (_, events) => {
  const fake = cluster([{ ...event(quota), metadata: { name: 'e', namespace: 'edge', uid: 'e' } }]);
  const ended = watchForBlockers(fake.kube, { ...spec, namespace: 'edge' }, AbortSignal.timeout(60_000));
  const refused = expect(ended).rejects.toMatchObject({ id: 'gateway.pod-refused' });
  setTimeout(() => {
    for (const one of events) fake.put(one as never);
  }, 20);
  await refused;
});

test('of events only refused pods are asked for, in the namespaces of the Gateway and of the provisioner', async () => {
  const { kube } = cluster();
  const asked: object[] = [];
  const watch: typeof kube.watch = (selection, signal) => {
    if (selection.kind === 'Event') asked.push(selection);
    return kube.watch(selection, signal);
  };
  const of = (namespace: string) => watchForBlockers({ ...kube, watch }, { ...spec, namespace }, AbortSignal.abort());
  await of('edge');
  await of('projectcontour');
  expect(asked.map((selection) => Object.values(selection).slice(2))).toEqual([
    ['edge', 'reason=FailedCreate'],
    ['projectcontour', 'reason=FailedCreate'],
    ['projectcontour', 'reason=FailedCreate'],
  ]);
});

test.each([
  [
    'a server that went away is',
    new UserError('no answer', { id: 'cluster.unreachable' }),
    AbortSignal.timeout(60_000),
    true,
  ],
  ['an interrupt is', new Error('interrupted'), AbortSignal.abort(), true],
  ['a bug is not', new TypeError('no such field'), AbortSignal.timeout(60_000), false],
])('%s waited out', async (_, error, signal, isWaitedOut) => {
  const { kube } = cluster();
  const watch = () => {
    throw error;
  };
  const looked = watchForBlockers({ ...kube, watch }, spec, signal).then(
    () => true,
    (seen) => seen !== error,
  );
  expect(await looked).toBe(isWaitedOut);
});
