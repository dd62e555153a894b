import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imageRef } from '../../src/config/versions.ts';
import type { Kube } from '../../src/lib/kube/client.ts';
import { isReady, type Pod } from '../../src/lib/kube/shapes.ts';
import { waitUntil } from '../../src/lib/wait.ts';
import { type Ended, ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';

type Shown = { readonly direction: string; readonly from: string; readonly to: string; readonly ok: boolean };

let taskgate: Taskgate;
const up = (...args: readonly string[]) =>
  taskgate.run('up', '--name', 'own', '--provider', 'native', '--json', ...args);

const hopsOf = ({ stdout }: Ended): readonly Shown[] => JSON.parse(stdout).proof.hops;
/** What the policies must keep from happening; the node's own rules have hops besides. */
const closedPods = (ended: Ended): readonly string[] =>
  hopsOf(ended).flatMap(({ direction, from, to, ok }) =>
    direction === 'closed' && ['task pod', 'another pod', 'API server'].includes(to) ? [`${from} x ${to} ${ok}`] : [],
  );
const allClosed = ['another pod x task pod true', 'task pod x another pod true', 'task pod x API server true'];

const policies = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' };
const port = 8080;
const namespace = 'default';

/** A pod that answers and dials: with the labels of a Determined task, or of nobody. */
const podOf = (name: string, allocation?: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    ...{ name, namespace },
    labels: {
      'test.taskgate.dev/pod': 'true',
      ...(allocation && {
        ...{ determined: allocation, 'determined.ai/allocation_id': allocation, 'determined.ai/user': 'admin' },
        ...{ 'determined.ai/task_type': 'COMMAND', 'determined.ai/task_id': allocation.replace(/\.1$/, '') },
      }),
    },
  },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        ...{ name: 'determined-container', image: imageRef('agnhost'), imagePullPolicy: 'IfNotPresent' },
        args: ['netexec', `--http-port=${port}`, '--udp-port=-1'],
      },
    ],
  },
});

/** Two tasks and a stranger, by name; the value is the pod's address. */
const startPods = async (kube: Kube): Promise<Readonly<Record<string, string>>> => {
  for (const pod of [podOf('task-a', 'aaaa.1'), podOf('task-b', 'bbbb.1'), podOf('stranger')]) await kube.create(pod);
  const pods = await waitUntil(
    'pods',
    (signal) =>
      kube.watch<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, labelSelector: 'test.taskgate.dev/pod' }, signal),
    (seen) => (seen.length === 3 && seen.every(isReady)) || `${seen.filter(isReady).length} of 3 ready`,
    { timeoutMs: 120_000, id: 'cluster.test' },
  );
  return Object.fromEntries(pods.map(({ metadata, status }) => [metadata.name, status?.podIP ?? '']));
};

const removePods = async (kube: Kube): Promise<void> => {
  for (const name of ['task-a', 'task-b', 'stranger']) await kube.remove(podOf(name));
};

/** What a pod sees when it dials once: `open`, or the error. */
const dial = async (kube: Kube, from: string, to: string, request = 'echo?msg=x'): Promise<string> => {
  const path = `/api/v1/namespaces/${namespace}/pods/${from}:${port}/proxy/dial`;
  const [host = '', toPort = String(port)] = to.split(':');
  const text = await kube.text(path, { host, port: toPort, protocol: 'http', tries: '1', request });
  const { responses, errors } = JSON.parse(text) as { responses?: readonly string[]; errors?: readonly string[] };
  return responses ? 'open' : String(errors);
};

const settled = (kube: Kube, from: string, to: string, wanted: RegExp) =>
  expect.poll(() => dial(kube, from, to), { timeout: 15_000, interval: 200 }).toMatch(wanted);

const attach = (...more: readonly string[]): readonly string[] => [
  ...['--name', 'guest', '--provider', 'attach', '--context', 'taskgate-own', '--allow-context', 'taskgate-own'],
  ...['--adopt', '--kubeconfig', join(taskgate.dirOf('own'), 'kubeconfig'), ...more],
];

beforeAll(async () => {
  taskgate = await makeTaskgate();
  expect(ending(await up())).toBe('exit 0');
});
afterAll(() => taskgate.close('guest', 'own'));

describe('an attached cluster whose network enforces nothing', () => {
  test('gets no policy unless it is asked for', async () => {
    expect(ending(await taskgate.run('up', ...attach()))).toBe('exit 0');
    expect(await (await taskgate.kube('own')).list(policies)).toEqual([]);
  });

  test('asked for, it is written, tried, and told to be without effect; down removes it', async () => {
    const ended = await taskgate.run('up', ...attach('--network-policies'));
    expect(ended.exitCode).toBe(8);
    expect(ended.stderr).toContain('[proof.not-closed]');
    expect(ended.stderr).toContain("written, but this cluster's network does not enforce them");
    const kube = await taskgate.kube('own');
    expect((await kube.list(policies)).map(({ metadata }) => metadata.name)).toEqual(['taskgate-guest']);
    expect((await kube.list({ apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: 'kube-system' })).length).toBe(0);
    expect(ending(await taskgate.run('down', '--name', 'guest'))).toBe('exit 0');
    expect(await kube.list(policies)).toEqual([]);
  });
});

describe('a native node', () => {
  test('without policies everybody reaches a task', async () => {
    const kube = await taskgate.kube('own');
    const pods = await startPods(kube);
    expect(await dial(kube, 'stranger', pods['task-a'] ?? '')).toBe('open');
    expect(await dial(kube, 'task-b', pods['task-a'] ?? '')).toBe('open');
    await removePods(kube);
  });

  test('asked for, it is restarted with an engine and its data, and the whole path is proven under them', async () => {
    const kube = await taskgate.kube('own');
    const kept = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept', namespace } };
    await kube.create(kept);
    const ended = await up('--network-policies');
    expect(ending(ended)).toBe('exit 0');
    expect(JSON.parse(ended.stdout).proof.ok).toBe(true);
    expect(closedPods(ended)).toEqual(allClosed);
    expect(await kube.find(kept)).toBeDefined();
    expect((await taskgate.run('status', '--name', 'own')).stdout).toContain('kube-router ready');
  });

  test('neither a stranger nor another allocation reaches a task with the labels of a real master; DNS and the master do', async () => {
    const kube = await taskgate.kube('own');
    const { master } = await taskgate.record('own');
    const pods = await startPods(kube);
    await settled(kube, 'stranger', pods['task-a'] ?? '', /refused/);
    await settled(kube, 'task-b', pods['task-a'] ?? '', /refused/);
    await settled(kube, 'task-a', pods['stranger'] ?? '', /refused/);
    expect(await dial(kube, 'stranger', pods['stranger'] ?? '')).toBe('open');
    // a name resolves: what fails is the connection to what it stands for
    const away = encodeURIComponent('http://kubernetes.default.svc.cluster.local:443/');
    expect(await dial(kube, 'task-a', `127.0.0.1:${port}`, `redirect?location=${away}`)).toMatch(/dial tcp .*refused/);
    // nobody listens at the master's port: the host itself refuses, as it would a pod without policies
    const toMaster = await dial(kube, 'task-a', `${master?.host}:${master?.port}`);
    expect(toMaster).toBe(await dial(kube, 'stranger', `${master?.host}:${master?.port}`));
    await removePods(kube);
  });

  test('a policy that somebody removes is a problem, which the next up repairs', async () => {
    const kube = await taskgate.kube('own');
    expect(ending(await taskgate.run('status', '--name', 'own'))).toBe('exit 0');
    for (const policy of await kube.list(policies)) await kube.remove(policy);
    expect((await taskgate.run('status', '--name', 'own')).stdout).toContain('taskgate-own is gone');
    expect(closedPods(await up('--network-policies'))).toEqual(allClosed);
  });

  test('smoke proves them too, whatever its own settings are', async () => {
    const ended = await taskgate.run('smoke', '--name', 'own', '--json');
    expect(ending(ended)).toBe('exit 0');
    expect(ended.stdout).toContain('"closed"');
  });

  test('tasks that shall reach each other do, and strangers do not', async () => {
    expect(closedPods(await up('--network-policies', '--network-task-to-task'))).toEqual(allClosed);
    const kube = await taskgate.kube('own');
    const pods = await startPods(kube);
    await settled(kube, 'task-b', pods['task-a'] ?? '', /open/);
    await settled(kube, 'stranger', pods['task-a'] ?? '', /refused/);
    await removePods(kube);
  });

  test('turned off, they are gone and everybody reaches a task again; the node runs on', async () => {
    const before = await taskgate.record('own');
    const ended = await up('--reset', 'network');
    expect(ending(ended)).toBe('exit 0');
    expect(closedPods(ended)).toEqual([]);
    const kube = await taskgate.kube('own');
    expect(await kube.list(policies)).toEqual([]);
    const pods = await startPods(kube);
    await settled(kube, 'stranger', pods['task-a'] ?? '', /open/);
    await removePods(kube);
    expect((await taskgate.record('own')).journal).toEqual(before.journal);
  });
});
