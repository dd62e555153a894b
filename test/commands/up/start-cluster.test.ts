import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ClusterProvider } from '../../../src/cluster/provider.ts';
import type { Health } from '../../../src/commands/up/check-health.ts';
import type { Programs } from '../../../src/commands/up/prepare-artifacts.ts';
import { awaitNode, loadImages, startCluster } from '../../../src/commands/up/start-cluster.ts';
import type { ClusterTarget } from '../../../src/instance/record.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { type FakeKubeInput, fakeKube } from '../../fakes/kube.ts';
import { type FakeProviderInput, fakeProvider } from '../../fakes/provider.ts';
import { begunUp, healthy, madeSoFar, runInOrder } from '../../support/up-context.ts';

type Given = Parameters<typeof begunUp>[0] &
  FakeProviderInput & { readonly wasStarted?: boolean; readonly target?: ClusterTarget; readonly isHealthy?: boolean };

/** An instance with a provider that starts its cluster well; `wasStarted`: an earlier `up` has recorded the cluster. */
const setUp = async ({ state, start, wasStarted, target, isHealthy, ...given }: Given = {}) => {
  const { up, instance, cluster } = await begunUp(given);
  const fake = fakeProvider({ start: start ?? (async () => cluster), ...(state && { state }) });
  if (wasStarted) await instance.change({ cluster });
  const made = (programs: Partial<Programs> = {}) =>
    madeSoFar({
      ...{ instance, programs, provider: fake.provider, health: isHealthy ? healthy(cluster) : undefined },
      ...(target && { target }),
    });
  const isThere = () =>
    stat(instance.dir).then(
      () => true,
      () => false,
    );
  const startNow = (signal?: AbortSignal) =>
    runInOrder(up, [startCluster], { results: made(), ...(signal && { signal }) });
  return { up, cluster, instance, isThere, made, startNow, ...fake };
};

const theirs = { kind: 'minikube-profile', profile: 'theirs', driver: 'docker', owned: false } as const;
const minikube = {
  ...{ profile: 'taskgate-dev', driver: 'docker', profileGiven: false },
  ...{ cpus: 2, memoryMb: 4096, startArgs: [] },
};
const broken = async (): Promise<never> => Promise.reject(new Error('no disk'));

test('starts the cluster within a stage’s time, and records it', async () => {
  const { startNow, instance, cluster, calls, timeoutsMs } = await setUp();
  expect(await startNow()).toMatchObject({ ended: ['done'] });
  expect(calls).toEqual(['find', 'start']);
  expect(timeoutsMs).toEqual([180_000]);
  expect(instance.record()).toMatchObject({ cluster, cidr: '10.210.0.0/16' });
});

test('the steps after it speak to the API server of its kubeconfig', async () => {
  const { startNow } = await setUp();
  const { results } = await startNow();
  await expect(results.get(startCluster).kube.text('/version')).rejects.toThrow(
    'the API server at https://127.0.0.1:1 does not answer',
  );
});

test('where the cluster is from now on is recorded once it is so', async () => {
  const given = { record: { provider: 'minikube', minikube } } as const;
  const target = { minikube: { ...minikube, cpus: 4 } };
  const failing = await setUp({ ...given, target, start: broken, wasStarted: true });
  await expect(failing.startNow()).rejects.toThrow('no disk');
  expect(failing.instance.record().minikube?.cpus).toBe(2);
  const working = await setUp({ ...given, target });
  await working.startNow();
  expect(working.instance.record().minikube?.cpus).toBe(4);
});

test('what the provider does is reported', async () => {
  const { up, instance, provider } = await setUp();
  const reporting: ClusterProvider = {
    ...provider,
    start: async (limits) => {
      limits.report?.('etcd: ready');
      return provider.start(limits);
    },
  };
  const results = madeSoFar({ instance, provider: reporting });
  expect((await runInOrder(up, [startCluster], { results })).lines).toEqual(['etcd: ready']);
});

test('one that was just seen to be healthy needs no provider', async () => {
  const { startNow, calls } = await setUp({ wasStarted: true, isHealthy: true });
  const { results } = await startNow();
  expect(calls).toEqual([]);
  expect(results.get(startCluster).isNew).toBe(false);
  await expect(results.get(startCluster).kube.text('/version')).rejects.toThrow('https://127.0.0.1:1');
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
  const { startNow, calls, isThere } = await setUp({ start: broken, ...given });
  await expect(startNow()).rejects.toThrow('no disk');
  expect(calls).toEqual(['find', 'start', ...undone]);
  expect(await isThere()).toBe(staysThere);
});

test('when the start fails, the logs stay that its error may name', async () => {
  const { startNow, instance } = await setUp({ start: broken });
  await mkdir(join(instance.dir, 'logs'));
  await writeFile(join(instance.dir, 'logs', 'minikube.log'), 'why');
  await expect(startNow()).rejects.toThrow('no disk');
  expect(await readdir(instance.dir)).toEqual(['logs']);
});

test('an interruption undoes the start, too', async () => {
  const stop = new AbortController();
  const start = async (signal: AbortSignal): Promise<never> => {
    stop.abort(new Error('SIGINT'));
    return Promise.reject(signal.reason);
  };
  const { startNow, calls, isThere } = await setUp({ start });
  await expect(startNow(stop.signal)).rejects.toThrow('SIGINT');
  expect(calls).toEqual(['find', 'start', 'delete']);
  expect(await isThere()).toBe(false);
});

test('a cluster that cannot be looked at is not ended', async () => {
  const { up, instance, calls, provider, isThere } = await setUp();
  const results = madeSoFar({ instance, provider: { ...provider, find: broken } });
  await expect(runInOrder(up, [startCluster], { results })).rejects.toThrow('no disk');
  expect(calls).toEqual([]);
  expect(await isThere()).toBe(true);
});

test.each<[string, Given, string]>([
  ['a healthy instance has them', { isHealthy: true }, 'nothing changed since the proof at noon'],
  ['some clusters get none', {}, 'the cluster pulls them itself'],
])('no images are loaded: %s', async (_, given, reason) => {
  const { up, calls, made } = await setUp(given);
  expect((await runInOrder(up, [loadImages], { results: made() })).ended).toEqual([`skipped: ${reason}`]);
  expect(calls).toEqual([]);
});

test('the images of the archive are loaded by their names', async () => {
  const { up, calls, timeoutsMs, made } = await setUp();
  const images = { archive: '/cache/images.tar', refs: ['contour:1', 'envoy:1'] };
  await runInOrder(up, [loadImages], { results: made({ images }) });
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
  const { up, instance, cluster, startNow } = await setUp(given);
  const { isNew } = (await startNow()).results.get(startCluster);
  const kept = node((heartbeat ?? new Date(Date.now() - 3_600_000)).toISOString());
  const kinds = ['rbac.authorization.k8s.io/v1/ClusterRoleBinding'];
  const fake = fakeKube({ objects: objects ?? [kept], kinds });
  const timeouts = { ...up.config.timeouts, stageSeconds: 0.2 };
  const waiting = { ...up, config: { ...up.config, timeouts } };
  const started = { cluster, kube: fake.kube, isNew };
  const wait = (more: { programs?: Partial<Programs>; health?: Health } = {}) =>
    runInOrder(waiting, [awaitNode], { results: madeSoFar({ instance, started, ...more }) });
  return { fake, cluster, wait };
};

test('of a native node that this run has started a fresh heartbeat is asked', async () => {
  const { wait } = await awaitStarted({ state: 'stopped' });
  await expect(wait()).rejects.toMatchObject({
    id: 'cluster.node-not-ready',
    message: expect.stringContaining('Node node not ready after 0s: no heartbeat since the start'),
    hint: 'see: taskgate logs kubelet --name dev',
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
  await expect(wait()).rejects.toMatchObject({
    message: expect.stringContaining('not registered yet'),
    hint: 'see: taskgate logs kubelet --name dev',
  });
});

test('an attached cluster has no logs here: its own program shows the node', async () => {
  const { wait } = await awaitStarted(
    { state: 'running', record: { provider: 'attach' } },
    { objects: [node(new Date().toISOString(), 'other')] },
  );
  await expect(wait()).rejects.toMatchObject({
    hint: expect.stringMatching(/^see: kubectl --kubeconfig \S+ describe node node$/),
  });
});

test('administrators get their binding where taskgate made the control plane', async () => {
  const { wait, fake } = await awaitStarted({ state: 'running' });
  await wait({ programs: { artifacts: {} as NonNullable<Programs['artifacts']> } });
  expect(fake.writes()).toEqual(['apply ClusterRoleBinding kubeadm:cluster-admins']);
});

test('the node of a healthy instance is not waited for', async () => {
  const { wait, fake, cluster } = await awaitStarted({ state: 'running' });
  expect((await wait({ health: healthy(cluster) })).ended).toEqual([
    'skipped: nothing changed since the proof at noon',
  ]);
  expect(fake.calls).toEqual([]);
});
