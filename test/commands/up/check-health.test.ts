import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { findHealth, findRun, settingsDigest } from '../../../src/commands/up/check-health.ts';
import type { Config } from '../../../src/config/config.ts';
import type { ErrorId } from '../../../src/lib/errors.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { serveKube } from '../../fakes/kube-server.ts';
import { commandContext } from '../../support/context.ts';
import { begunUp, healthyAt } from '../../support/up-context.ts';

const { config } = commandContext({ folders: { stateDir: '/state', cacheDir: '/cache' } });

test.each([
  ['another gateway', { gateway: { ...config.gateway, listenerLimit: 300 } }],
  ['another port of the master', { master: { ...config.master, port: 1 } }],
  ['another host of the tunnel', { ssh: { ...config.ssh, host: 'jump' } }],
  ['a cluster that is made anew for it', { minikube: { ...config.minikube, cpus: 4 } }],
])('a proof says nothing of %s', (_, change) => {
  expect(settingsDigest({ ...config, ...change })).not.toBe(settingsDigest(config));
});

test('what changes nothing in the cluster keeps a proof good', () => {
  expect(settingsDigest({ ...config, mergeKubeconfig: !config.mergeKubeconfig })).toBe(settingsDigest(config));
});

const node = (name: string, bootID: string): KubeObject & { readonly status: object } => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  status: {
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    nodeInfo: { bootID },
  },
});

/** An attached instance with a cluster of two nodes. */
const attached = async () => {
  const { instance, cluster } = await begunUp({ record: { provider: 'attach' } });
  const fake = fakeKube({ objects: [node('b', 'boot-1'), node('a', 'boot-2')] });
  await writeFile(cluster.kubeconfigPath, await serveKube(fake.kube, ['v1/Node']));
  return { instance, cluster, fake };
};

test('a run of a cluster made elsewhere is known by when its nodes became ready, and their boots', async () => {
  const { instance, cluster, fake } = await attached();
  expect(await findRun(instance, {})).toBeUndefined();
  await instance.change({ cluster });
  expect(await findRun(instance, {})).toBe('a 2026-01-01T00:00:00Z boot-2, b 2026-01-01T00:00:00Z boot-1');
  fake.put(node('b', 'boot-3'));
  expect(await findRun(instance, {})).toContain('boot-3');
});

test('a run of a native cluster is identified by its last supervisor', async () => {
  const keeper = (pid: number) => ({ kind: 'keeper', process: { pid, startTicks: 1, bootId: 'boot' } }) as const;
  const { instance } = await begunUp({ record: { journal: [keeper(1), keeper(2)] } });
  expect(await findRun(instance, {})).toBe(JSON.stringify(keeper(2).process));
});

const supervisor = { pid: 1, startTicks: 1, bootId: 'boot' } as const;

type Since = {
  readonly config?: Partial<Config>;
  readonly problems?: readonly ErrorId[];
  readonly run?: string;
  readonly settings?: string;
};

/** What is known of an instance that was proven at noon, and to which this has happened since. */
const healthSince = async ({ config: change = {}, problems = [], run, settings }: Since) => {
  const { up, instance } = await begunUp({ record: { journal: [{ kind: 'keeper', process: supervisor }] } });
  const { cluster, gateway, master } = healthyAt(instance.dir);
  const asProven = { run: run ?? JSON.stringify(supervisor), settings: settings ?? settingsDigest(up.config) };
  await instance.change({ cluster, gateway, master, proven: { at: 'noon', ...asProven } });
  const found = problems.map((id) => ({ id, message: 'seen', hint: 'do' }));
  const look = async () => ({ name: 'dev', state: 'running', problems: found }) as const;
  const health = await findHealth({ ...up, config: { ...up.config, ...change } }, instance, look);
  return health?.provenAt;
};

test.each<[string, Since]>([
  ['nothing', {}],
  ["what is the user's own matter", { problems: ['cluster.foreign-master', 'cluster.task-refused'] }],
  ['a task that has lost its listener, which `up` does not give it', { problems: ['gateway.listener-lost'] }],
])('a proof holds after %s', async (_, since) => expect(await healthSince(since)).toBe('noon'));

test.each<[string, Since]>([
  ['--recreate: what was proven goes', { config: { recreate: true } }],
  ['another setting', { config: { gateway: { ...config.gateway, listenerLimit: 300 } } }],
  ['an older taskgate, which wrote another digest', { settings: 'older' }],
  ['a start of the node', { run: JSON.stringify({ ...supervisor, pid: 2 }) }],
  ['a problem', { problems: ['gateway.not-programmed'] }],
  ["a problem beside the user's own", { problems: ['cluster.task-refused', 'gateway.not-programmed'] }],
])('a proof is worth nothing after %s', async (_, since) => expect(await healthSince(since)).toBeUndefined());

test('an instance that is gone for status has no proof', async () => {
  const { up, instance } = await begunUp();
  const { cluster, gateway, master } = healthyAt(instance.dir);
  const proven = { at: 'noon', run: '', settings: settingsDigest(up.config) };
  await instance.change({ cluster, gateway, master, proven });
  expect(await findHealth(up, instance, async () => undefined)).toBeUndefined();
});
