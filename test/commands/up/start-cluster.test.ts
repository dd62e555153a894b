import { stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { UpContext } from '../../../src/commands/context.ts';
import { awaitNode, loadImages, startCluster } from '../../../src/commands/up/start-cluster.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { type FakeKubeInput, fakeKube } from '../../fakes/kube.ts';
import { type FakeProviderInput, fakeProvider } from '../../fakes/provider.ts';
import { begunUp, runInOrder } from '../../support/up-context.ts';

type Given = Parameters<typeof begunUp>[0] & FakeProviderInput & { readonly wasStarted?: boolean };

/** An instance with a provider that starts its cluster well; `wasStarted`: an earlier `up` has recorded the cluster. */
const setUp = async ({ state, start, wasStarted = false, ...given }: Given = {}) => {
  const { cluster, ...context } = await begunUp(given);
  const fake = fakeProvider({ start: start ?? (async () => cluster), ...(state && { state }) });
  if (wasStarted) await context.instance.change({ cluster });
  const up: UpContext = { ...context, provider: fake.provider };
  const isThere = () =>
    stat(up.instance?.dir ?? '').then(
      () => true,
      () => false,
    );
  return { up, cluster, instance: context.instance, isThere, ...fake };
};

const theirs = { kind: 'minikube-profile', profile: 'theirs', driver: 'docker', owned: false } as const;
const minikube = {
  ...{ profile: 'taskgate-dev', driver: 'docker', profileGiven: false },
  ...{ cpus: 2, memoryMb: 4096, startArgs: [] },
};
const broken = async (): Promise<never> => Promise.reject(new Error('no disk'));

test('starts the cluster within a stage’s time, and records it', async () => {
  const { up, instance, cluster, calls, timeoutsMs } = await setUp();
  expect(await runInOrder(up, [startCluster])).toMatchObject({ ended: ['done'] });
  expect(calls).toEqual(['find', 'start']);
  expect(timeoutsMs).toEqual([180_000]);
  expect(instance.record()).toMatchObject({ cluster, cidr: '10.210.0.0/16' });
});

test('the steps after it speak to the API server of its kubeconfig', async () => {
  const { up } = await setUp();
  await runInOrder(up, [startCluster]);
  await expect(up.kube?.text('/version')).rejects.toThrow('the API server at https://127.0.0.1:1 does not answer');
});

test('where the cluster is from now on is recorded once it is so', async () => {
  const given = { record: { provider: 'minikube', minikube } } as const;
  const place = { minikube: { ...minikube, cpus: 4 } };
  const failing = await setUp({ ...given, start: broken, wasStarted: true });
  await expect(runInOrder({ ...failing.up, place }, [startCluster])).rejects.toThrow('no disk');
  expect(failing.instance.record().minikube?.cpus).toBe(2);
  const working = await setUp(given);
  await runInOrder({ ...working.up, place }, [startCluster]);
  expect(working.instance.record().minikube?.cpus).toBe(4);
});

test('what the provider does is told', async () => {
  const { up } = await setUp();
  const { provider, cluster } = await setUp({
    start: async () => {
      up.onProgress?.('etcd: ready');
      return cluster;
    },
  });
  up.provider = provider;
  expect((await runInOrder(up, [startCluster])).lines).toEqual(['etcd: ready']);
});

test('one that was just seen to be healthy needs no provider', async () => {
  const { up, calls } = await setUp({ wasStarted: true });
  up.provenAt = 'noon';
  await runInOrder(up, [startCluster]);
  expect(calls).toEqual([]);
  await expect(up.kube?.text('/version')).rejects.toThrow('https://127.0.0.1:1');
});

test.each<[string, Given, readonly string[], boolean]>([
  ['one that ran before goes on', { state: 'running' }, [], true],
  ['one that ran before and is recorded goes on', { state: 'running', wasStarted: true }, [], true],
  ['one that was stopped is stopped again', { state: 'stopped', wasStarted: true }, ['stop'], true],
  ['one that was deleted since leaves its record', { state: 'absent', wasStarted: true }, ['stop'], true],
  ['one that is new goes', { state: 'absent' }, ['delete'], false],
  ['one of an `up` that was killed goes', { state: 'stopped' }, ['delete'], false],
  [
    'a profile of somebody else’s is stopped again and let go',
    { state: 'stopped', record: { provider: 'minikube', journal: [theirs] } },
    ['stop', 'delete'],
    false,
  ],
  [
    'a profile of somebody else’s that is recorded is stopped again',
    { state: 'stopped', record: { provider: 'minikube', journal: [theirs] }, wasStarted: true },
    ['stop'],
    true,
  ],
  [
    'an attached cluster that seemed absent is let go',
    { state: 'absent', record: { provider: 'attach' } },
    ['stop', 'delete'],
    false,
  ],
])('when the start fails, %s', async (_, given, undone, staysThere) => {
  const { up, calls, isThere } = await setUp({ start: broken, ...given });
  await expect(runInOrder(up, [startCluster])).rejects.toThrow('no disk');
  expect(calls).toEqual(['find', 'start', ...undone]);
  expect(await isThere()).toBe(staysThere);
});

test('an interruption undoes the start, too', async () => {
  const stop = new AbortController();
  const start = async (signal: AbortSignal): Promise<never> => {
    stop.abort(new Error('SIGINT'));
    return Promise.reject(signal.reason);
  };
  const { up, calls, isThere } = await setUp({ start });
  await expect(runInOrder(up, [startCluster], stop.signal)).rejects.toThrow('SIGINT');
  expect(calls).toEqual(['find', 'start', 'delete']);
  expect(await isThere()).toBe(false);
});

test('a cluster that cannot be looked at is not ended', async () => {
  const { up, calls, provider, isThere } = await setUp();
  up.provider = { ...provider, find: broken };
  await expect(runInOrder(up, [startCluster])).rejects.toThrow('no disk');
  expect(calls).toEqual([]);
  expect(await isThere()).toBe(true);
});

test.each<[string, Partial<UpContext>, string]>([
  ['a healthy instance has them', { provenAt: 'noon' }, 'nothing changed since the proof at noon'],
  ['some clusters get none', {}, 'the cluster pulls them itself'],
])('no images are loaded: %s', async (_, change, reason) => {
  const { up, calls } = await setUp();
  expect((await runInOrder({ ...up, ...change }, [loadImages])).ended).toEqual([`skipped: ${reason}`]);
  expect(calls).toEqual([]);
});

test('the images of the archive are loaded by their names', async () => {
  const { up, calls, timeoutsMs } = await setUp();
  up.images = { archive: '/cache/images.tar', refs: ['contour:1', 'envoy:1'] };
  await runInOrder(up, [loadImages]);
  expect(calls).toEqual(['loadImages /cache/images.tar contour:1 envoy:1']);
  expect(timeoutsMs).toEqual([180_000]);
});

const node = (lastHeartbeatTime: string, name = 'node'): KubeObject & { readonly status: object } => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime }] },
});

/** Starts the cluster, then waits for a node that has sent a heartbeat an hour ago, or `heartbeat`. */
const awaitStarted = async (given: Given, { objects, heartbeat }: FakeKubeInput & { heartbeat?: Date } = {}) => {
  const { up } = await setUp(given);
  await runInOrder(up, [startCluster]);
  const kept = node((heartbeat ?? new Date(Date.now() - 3_600_000)).toISOString());
  const kinds = ['rbac.authorization.k8s.io/v1/ClusterRoleBinding'];
  const fake = fakeKube({ objects: objects ?? [kept], kinds });
  const timeouts = { ...up.config.timeouts, stageSeconds: 0.2 };
  const waiting = { ...up, kube: fake.kube, config: { ...up.config, timeouts } };
  return { fake, wait: (more: Partial<UpContext> = {}) => runInOrder({ ...waiting, ...more }, [awaitNode]) };
};

test('of a native node that this run has started a fresh heartbeat is asked', async () => {
  const { wait } = await awaitStarted({ state: 'stopped' });
  await expect(wait()).rejects.toMatchObject({
    id: 'cluster.node-not-ready',
    message: expect.stringContaining('Node node not ready after 0s: no heartbeat since the start'),
    hint: 'see logs/kubelet.log of the instance',
  });
  const fresh = await awaitStarted({ state: 'stopped' }, { heartbeat: new Date() });
  expect((await fresh.wait()).ended).toEqual(['done']);
});

test.each<[string, Given]>([
  ['a native node that ran before', { state: 'running' }],
  ['a Minikube node that was started', { state: 'stopped', record: { provider: 'minikube' } }],
  ['an attached node', { state: 'running', record: { provider: 'attach' } }],
])('the last heartbeat of %s will do', async (_, given) => {
  const { wait, fake } = await awaitStarted(given);
  expect((await wait()).ended).toEqual(['done']);
  expect(fake.writes()).toEqual([]);
});

test('another node does not count', async () => {
  const others = [node(new Date().toISOString(), 'other')];
  const { wait } = await awaitStarted({ state: 'running' }, { objects: others });
  await expect(wait()).rejects.toThrow('not registered yet');
});

test('administrators get their binding where taskgate made the control plane', async () => {
  const { wait, fake } = await awaitStarted({ state: 'running' });
  await wait({ artifacts: {} as NonNullable<UpContext['artifacts']> });
  expect(fake.writes()).toEqual(['apply ClusterRoleBinding kubeadm:cluster-admins']);
});

test('the node of a healthy instance is not waited for', async () => {
  const { wait, fake } = await awaitStarted({ state: 'running' });
  expect((await wait({ provenAt: 'noon' })).ended).toEqual(['skipped: nothing changed since the proof at noon']);
  expect(fake.calls).toEqual([]);
});
