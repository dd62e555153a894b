import { readlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { blockCommand } from '../../src/cluster/native/block.ts';
import { pidsInCgroups } from '../../src/cluster/native/isolation/cgroups.ts';
import { instanceHash, linkName } from '../../src/cluster/native/link.ts';
import { rememberBlock } from '../../src/instance/blocked.ts';
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
let address: string;
let watchers: readonly (readonly [string, ReturnType<typeof retryWatcher>])[] = [];

beforeAll(async () => {
  taskgate = await makeTaskgate();
  expect(ending(await taskgate.run('up', '--name', 'watch'))).toBe('exit 0');
  kube = await taskgate.kube('watch');
  address = (await taskgate.record('watch')).gateway?.address ?? '';
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

/** Where this host sends what is for the instance's Gateway. */
const routeTo = async (): Promise<string> => {
  const { stdout, stderr } = await execa('ip', ['route', 'get', address], { reject: false });
  return `${stdout} ${stderr}`;
};

const refused = /unreachable|No route to host/;
const keptHere = /dev tg-|unreachable|No route to host/;

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
    expect(await routeTo()).toMatch(/dev tg-/);
    process.kill(keeper?.kind === 'keeper' ? keeper.process.pid : 0, 'SIGKILL');
    // what a master sends to its tasks now must not leave this host, whether the kernel has removed the link by now or not
    expect(await routeTo()).toMatch(keptHere);
    await execa('ip', ['link', 'delete', linkName(taskgate.dirOf('watch'))], { reject: false });
    expect(await routeTo()).toMatch(refused);
    expect(ending(await taskgate.run('up', '--name', 'watch'))).toBe('exit 0');
  });
  await newPod('second', { determined: 'a', 'determined-preemption': 'a' });
  const all = { 'preempted pods': 'ADDED second', pods: 'ADDED second' };
  await expect.poll(lastOf, { timeout: 20_000 }).toEqual({ ...all, nodes: 'MODIFIED taskgate-watch' });
});

/** A stand-in of a master that lives: its `/info` at the port where the instance expects its own. */
const startMaster = async () => {
  const answer = JSON.stringify({ cluster_id: '1a2b3c4d-0000-4000-8000-000000000000', version: '0.38.1' });
  const server = createServer((_, response) => response.end(answer));
  await new Promise<void>((resolve) => server.listen(taskgate.masterPort, resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
};

describe('down while a master lives', () => {
  const down = (...flags: readonly string[]) => taskgate.run('down', '--name', 'watch', ...flags);

  test('says which tasks it has and waits for them; what it sends to the Gateway then leaves this host by no other route', async () => {
    await startMaster();
    // what the tests before have left lives, and would be waited for
    const labelled = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', labelSelector: 'determined' };
    for (const pod of await kube.list<KubeObject>(labelled))
      await kube.remove({ ...pod, apiVersion: 'v1', kind: 'Pod' });
    const metadata = { name: 'det-1a2b3c4d-cmd-a', namespace: 'default', labels: { determined: 'a.1' } };
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'none' }] } };
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { suspend: true, template } } as KubeObject;
    await kube.create(job);
    const late = await down('--wait-for-tasks', '15s');
    expect([late.exitCode, late.stderr]).toEqual([5, expect.stringContaining('1 task run')]);
    expect(late.stderr).toContain('[cluster.tasks-running]');
    expect(await routeTo()).toMatch(/dev tg-/);
    const waiting = taskgate.start('down', '--name', 'watch', '--wait-for-tasks', '5m');
    await expect
      .poll(() => taskgate.run('status', '--name', 'watch', '--json').then(({ stdout }) => stdout), { timeout: 60_000 })
      .toContain('changedBy');
    await kube.remove(job, { propagation: 'Background' });
    const { exitCode, stderr } = await waiting;
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringMatching(/a master answers at .*0\.38\.1.* and has no task in this cluster/),
    ]);
    expect(stderr).toMatch(
      /would leave by the default route; so this host refuses all to 10\..*taskgate down --name watch --forget-routes/,
    );
    expect(await routeTo()).toMatch(refused);
  });

  test('the next up takes the route back, with the same network, and a down without a master leaves none', async () => {
    expect(ending(await taskgate.run('up', '--name', 'watch'))).toBe('exit 0');
    expect((await taskgate.record('watch')).gateway?.address).toBe(address);
    expect(await routeTo()).toMatch(/dev tg-/);
    const status = await taskgate.run('status', '--name', 'watch');
    expect(status.stdout).not.toContain('no longer does');
    expect(ending(await down())).toBe('exit 0');
    expect(await routeTo()).not.toMatch(refused);
  });

  test('one that is kept for good is taken back by --forget-routes', async () => {
    const dir = taskgate.dirOf('gone');
    await rememberBlock(dir, '198.19.0.0/16');
    const cidr = '198.19.0.0/16';
    const [program = '', ...args] = blockCommand(dir, cidr);
    await execa(program, args);
    expect((await execa('ip', ['route', 'show', 'type', 'unreachable'])).stdout).toContain(cidr);
    const { exitCode, stderr } = await taskgate.run('down', '--name', 'gone', '--forget-routes');
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining(cidr)]);
    expect((await execa('ip', ['route', 'show', 'type', 'unreachable'])).stdout).not.toContain(cidr);
  });
});
