import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { findRun, settingsDigest } from '../../../src/commands/up/check-health.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { serveKube } from '../../fakes/kube-server.ts';
import { commandContext } from '../../support/context.ts';
import { begunUp } from '../../support/up-context.ts';

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
