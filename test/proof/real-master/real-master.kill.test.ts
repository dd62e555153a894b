import { expect, test } from 'vitest';
import type { Kube } from '../../../src/lib/kube/client.ts';
import { refusal } from '../../fakes/kube.ts';
import { brokenOf, cluster, gatewayOf, leftOf, localTask, scene, seed } from '../../support/proof/real-master.ts';

const forbidden = refusal(403, 'Forbidden', 'gateways "contour" is forbidden');

/** A proof whose view of the cluster, but not the master's, is refused from the last answer of the task on. */
const proofWithout = async (isBroken: boolean) => {
  const fake = cluster();
  await using task = await localTask(fake);
  let reads = 0;
  const get: Kube['get'] = async (ref) => {
    // the first reads are the probe's own, of the path that it has proven
    if (ref.kind === 'Gateway' && isBroken && reads++ >= readsOfProbe) throw forbidden;
    return fake.kube.get(ref);
  };
  await using it = await scene({ ...fake, kube: { ...fake.kube, get } }, task.port, { kube: fake.kube });
  return { fake, proven: await it.prove({ endTimeoutMs: 500 }) };
};
const readsOfProbe = 1;

test('a Gateway that cannot be read before the kill does not keep the command from being killed', async () => {
  const { fake, proven } = await proofWithout(true);
  expect(leftOf(fake)).toEqual([]);
  expect(gatewayOf(fake)).toMatchObject({ spec: { listeners: [seed] } });
  expect(brokenOf(proven)).toBeUndefined();
  expect(proven).toMatchObject({ ok: false, cleanup: { ok: false, removed: [] } });
  expect(proven.cleanup.finding?.cause).toBe(
    'the task was killed, but what is left of it is not known: gateways "contour" is forbidden',
  );
});

test('one that can be read is proven to have nothing of it', async () => {
  expect((await proofWithout(false)).proven).toMatchObject({ ok: true, cleanup: { ok: true } });
});

test('a task whose allocation the master does not tell is killed all the same, and its first one is looked after', async () => {
  const fake = cluster();
  await using task = await localTask(fake);
  await using it = await scene(fake, task.port, { misbehaviour: { hidesAllocations: true } });
  const proven = await it.prove({ endTimeoutMs: 500 });
  expect(brokenOf(proven)?.finding?.cause).toMatch(/\/api\/v1\/tasks\/\S+ gave 404: tasks \S+ not found/);
  expect(proven.cleanup.ok).toBe(true);
  expect(proven.cleanup.removed.map((one) => one.split(' ')[0])).toContain('listener');
  expect(leftOf(fake)).toEqual([]);
});

test('a kill that is refused is told before what could not be read', async () => {
  const fake = cluster();
  await using it = await scene(fake, 20000, { misbehaviour: { hidesAllocations: true, refusesKill: true } });
  const proven = await it.prove({ endTimeoutMs: 500 });
  expect(proven.cleanup.finding?.cause).toMatch(/^POST \/api\/v1\/commands\/\S+\/kill gave 403: access forbidden/);
});
