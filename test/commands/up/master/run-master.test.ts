import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { EnsuredMaster } from '../../../../src/commands/master/ensure.ts';
import { proveMaster, runMaster } from '../../../../src/commands/up/master/run-master.ts';
import { reachGateway } from '../../../../src/commands/up/reach-gateway.ts';
import { instancePaths } from '../../../../src/instance/paths.ts';
import type { InstanceRecord } from '../../../../src/instance/record.ts';
import { freePort } from '../../../../src/lib/free-port.ts';
import { findProcess } from '../../../../src/lib/process/processes.ts';
import { sampleCluster } from '../../../support/proof/fake-cluster.ts';
import { gateway } from '../../../support/proof/local-path.ts';
import { cluster as clusterOfTask, localTask, scene } from '../../../support/proof/real-master.ts';
import { begunUp, healthyAt, madeSoFar, runInOrder } from '../../../support/up-context.ts';

/** This process stands for the supervisor that runs. */
const self = await findProcess(process.pid);
if (!self) throw new Error('this machine has no /proc');
const keeper = { kind: 'master', process: self } as const;
const run = JSON.stringify(self);

type Given = { readonly record?: Partial<InstanceRecord>; readonly how?: EnsuredMaster['how'] };

/** An `up` on a healthy instance, up to the proof of a master of which nothing answers: a proof that is made fails. */
const proveNext = async ({ record = {}, how = 'running' }: Given = {}) => {
  const { up, instance, cluster } = await begunUp({ record: { journal: [keeper], ...record } });
  const { kube } = sampleCluster();
  const results = madeSoFar({
    ...{ instance, health: healthyAt(instance.dir), started: { cluster, kube, isNew: false } },
  });
  results.set(reachGateway, gateway);
  results.set(runMaster, { url: `http://127.0.0.1:${await freePort()}`, how, isNew: false });
  const context = { ...up, config: { ...up.config, withMaster: true } };
  const { ended } = await runInOrder(context, [proveMaster], { results });
  return { ended, instance, proof: results.find(proveMaster) };
};

test('a master that was proven since it was started is not proven again', async () => {
  const { ended } = await proveNext({ record: { masterProven: { at: 'noon', run } } });
  expect(ended).toEqual(['skipped: nothing changed since the proof at noon']);
});

test('one whose last proof failed, or that was started by `master up`, is proven by the next up', async () => {
  const { ended, proof, instance } = await proveNext();
  expect(ended).toEqual([expect.stringMatching(/^failed: broken at host ──> master /)]);
  expect(proof?.ok).toBe(false);
  expect(instance.record().masterProven).toBeUndefined();
});

test('of another run of it nothing is known, and a proof that fails is forgotten', async () => {
  const { ended, instance } = await proveNext({ record: { masterProven: { at: 'noon', run: 'another' } } });
  expect(ended).toEqual([expect.stringMatching(/^failed: broken at host ──> master /)]);
  expect(instance.record().masterProven).toBeUndefined();
});

test('one that was started now is always proven', async () => {
  const { ended } = await proveNext({ how: 'started', record: { masterProven: { at: 'noon', run } } });
  expect(ended).toEqual([expect.stringMatching(/^failed: broken at /)]);
});

test('a proof that holds is remembered, with the run of the master that it is of', async () => {
  const fake = clusterOfTask();
  await using task = await localTask(fake);
  await using it = await scene(fake, task.port);
  const { up, instance, cluster } = await begunUp({ record: { journal: [keeper] } });
  await writeFile(instancePaths(instance.dir).passwordPath, 'secret\n');
  const context = { ...up, config: { ...up.config, withMaster: true } };
  const next = async (): Promise<readonly string[]> => {
    const started = { cluster, kube: fake.kube, isNew: false };
    const results = madeSoFar({ instance, health: healthyAt(instance.dir), started });
    results.set(reachGateway, { ...gateway, portRange: { start: task.port, end: task.port } });
    results.set(runMaster, { url: it.url, how: 'running', isNew: false });
    return (await runInOrder(context, [proveMaster], { results })).ended;
  };
  expect(await next()).toEqual(['done']);
  expect(instance.record().masterProven?.run).toBe(run);
  expect(await next()).toEqual([`skipped: nothing changed since the proof at ${instance.record().masterProven?.at}`]);
});
