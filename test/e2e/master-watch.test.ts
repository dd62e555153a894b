import { readlink } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pidsInCgroups } from '../../src/cluster/native/isolation/cgroups.ts';
import { instanceHash } from '../../src/cluster/native/link.ts';
import type { Kube } from '../../src/lib/kube/client.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';
import { retryWatcher } from '../support/e2e/retry-watcher.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';

/** What a master watches from the version of its first list; the preemption of pods has no event in a whole life. */
const watched = {
  'preempted pods': { path: '/api/v1/namespaces/default/pods', labelSelector: 'determined-preemption' },
  pods: { path: '/api/v1/namespaces/default/pods', labelSelector: 'determined' },
  nodes: { path: '/api/v1/nodes' },
} as const;

let taskgate: Taskgate;
let kube: Kube;
let watchers: readonly (readonly [string, ReturnType<typeof retryWatcher>])[] = [];

beforeAll(async () => {
  taskgate = await makeTaskgate();
  expect(ending(await taskgate.run('up', '--name', 'watch'))).toBe('exit 0');
  kube = await taskgate.kube('watch');
  const kubeconfig = await taskgate.file('watch', 'kubeconfig');
  watchers = Object.entries(watched).map(([name, what]) => [name, retryWatcher(kubeconfig, what)] as const);
  for (const [, watcher] of watchers) await watcher.start();
});
afterAll(async () => {
  for (const [, { stop }] of watchers) stop();
  await taskgate.close('watch');
});

const kill = async (program: string): Promise<void> => {
  const mark = `taskgate-watch-${instanceHash(taskgate.dirOf('watch'))}`;
  for (const pid of await pidsInCgroups([`/sys/fs/cgroup/pids/${mark}`, `/sys/fs/cgroup/${mark}`])) {
    if ((await readlink(`/proc/${pid}/exe`).catch(() => '')).endsWith(`/${program}`)) process.kill(pid, 'SIGKILL');
  }
};

const isServing = async (): Promise<boolean> => (await kube.text('/readyz').catch(() => '')) === 'ok';

const newPod = (name: string, labels: Readonly<Record<string, string>>) =>
  kube.create({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels } },
    spec: { schedulingGates: [{ name: 'taskgate.test/never' }], containers: [{ name: 'c', image: 'none' }] },
  } as KubeObject);

/** Makes the versions of all watches old, that of the nodes apart. */
const changeOthers = async (times: number): Promise<void> => {
  const metadata = { name: 'busy', namespace: 'default' };
  for (let index = 0; index < times; index++) {
    await kube.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { index: `${index}` } } as KubeObject);
  }
};

/** Breaks the API server, and waits until each watch was begun again or has ended for good. */
const reconnect = async (breakIt: () => Promise<void>): Promise<void> => {
  const before = watchers.map(([, { watches }]) => watches());
  await breakIt();
  await expect.poll(isServing, { timeout: 60_000 }).toBe(true);
  const lagging = () =>
    watchers.filter(([, one], index) => one.ended() === undefined && one.watches() <= (before[index] ?? 0)).length;
  await expect.poll(lagging, { timeout: 60_000 }).toBe(0);
};

const lastOf = () =>
  Object.fromEntries(watchers.map(([name, { ended, seen }]) => [name, ended() ?? seen().at(-1) ?? 'nothing']));

test('a kube-apiserver that is killed and restarted goes on with watches from where they were', async () => {
  await changeOthers(100);
  await reconnect(() => kill('kube-apiserver'));
  await newPod('first', { determined: 'a' });
  // nothing is preempted: a watch without events is what a master dies of
  await expect.poll(lastOf, { timeout: 20_000 }).toMatchObject({ 'preempted pods': 'nothing', pods: 'ADDED first' });
  expect(lastOf()['nodes']).not.toContain('410');
});

test('a node whose keeper is killed does so after the next up, and no event is lost', async () => {
  await changeOthers(100);
  await reconnect(async () => {
    const keeper = (await taskgate.record('watch')).journal.find(({ kind }) => kind === 'keeper');
    process.kill(keeper?.kind === 'keeper' ? keeper.process.pid : 0, 'SIGKILL');
    expect(ending(await taskgate.run('up', '--name', 'watch'))).toBe('exit 0');
  });
  await newPod('second', { determined: 'a', 'determined-preemption': 'a' });
  const all = { 'preempted pods': 'ADDED second', pods: 'ADDED second' };
  await expect.poll(lastOf, { timeout: 20_000 }).toEqual({ ...all, nodes: 'MODIFIED taskgate-watch' });
});
