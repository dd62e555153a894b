import { expect, test } from 'vitest';
import { findHoldings, findMissingRights } from '../../../src/gateway/leaks/look.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { gatewayWith, kindsOfTasks, leftOf, place, taskOf } from '../../support/gateway/holdings.ts';

const a = taskOf('a', [20000]);
const gateway = gatewayWith({ 20000: 'a.1' });
const pauseMs = 20;

const statesOf = async (objects: readonly KubeObject[]) => {
  const { kube, calls } = fakeKube({ objects, kinds: kindsOfTasks });
  const found = await findHoldings(kube, place, { pauseMs });
  return { states: found.map(({ allocationId, state }) => `${allocationId} ${state}`), calls };
};

test('what is dead in two looks is dead', async () => {
  const { states } = await statesOf([gateway, ...leftOf(a)]);
  expect(states).toEqual(['a.1 gone']);
});

test('without a dead task one look is enough', async () => {
  const { states, calls } = await statesOf([gateway, ...leftOf(a), a.job]);
  expect(states).toEqual(['a.1 lives']);
  expect(calls.filter((call) => call === 'list Job')).toHaveLength(1);
});

test('the Gateway is read before the Jobs: a listener that is seen has had its Job', async () => {
  const { calls } = await statesOf([gateway]);
  expect(calls.indexOf('list Job')).toBeGreaterThan(calls.indexOf('find Gateway projectcontour/contour'));
  expect(calls.indexOf('list Job')).toBeGreaterThan(calls.indexOf('list ConfigMap'));
});

test('what a master frees between the looks is not there any more', async () => {
  const fake = fakeKube({ objects: [gateway, ...leftOf(a)], kinds: kindsOfTasks });
  const found = findHoldings(fake.kube, place, { pauseMs: 200 });
  await expect.poll(() => fake.calls.includes('list Pod')).toBe(true);
  for (const object of leftOf(a)) fake.drop(object);
  fake.put(gatewayWith({}));
  expect(await found).toEqual([]);
});

test('a task whose Job goes between the looks is just ending', async () => {
  const b = taskOf('b', [20001]);
  const objects = [gatewayWith({ 20000: 'a.1', 20001: 'b.1' }), b.job];
  const fake = fakeKube({ objects, kinds: kindsOfTasks });
  const found = findHoldings(fake.kube, place, { pauseMs: 200 });
  await expect.poll(() => fake.calls.includes('list Pod')).toBe(true);
  fake.drop(b.job);
  expect((await found).map(({ state }) => state)).toEqual(['gone', 'new']);
});

const askedOf = async (intent: { readonly free: boolean; readonly ended: boolean }) => {
  const { kube } = fakeKube({ kinds: ['authorization.k8s.io/v1/SelfSubjectAccessReview'] });
  // each answer is a refusal: the fake answers without a status
  const reviews = { ...kube, create: async (object: KubeObject) => object as never };
  return findMissingRights(reviews, place, intent);
};

test('for a look, rights to list and to read the Gateway are needed', async () => {
  expect(await askedOf({ free: false, ended: false })).toEqual([
    'list jobs.batch in the whole cluster',
    'list pods in the whole cluster',
    'list tcproutes.gateway.networking.k8s.io in the whole cluster',
    'list services in namespace default',
    'list configmaps in namespace default',
    'get gateways.gateway.networking.k8s.io on projectcontour/contour',
  ]);
});

test('to free, also those to delete; of Jobs only where ended tasks are meant', async () => {
  const look = await askedOf({ free: false, ended: true });
  const free = (await askedOf({ free: true, ended: false })).filter((one) => !look.includes(one));
  expect(free).toEqual([
    'delete services in namespace default',
    'delete configmaps in namespace default',
    'delete tcproutes.gateway.networking.k8s.io in namespace default',
    'update gateways.gateway.networking.k8s.io on projectcontour/contour',
  ]);
  expect(await askedOf({ free: true, ended: true })).toContain('delete jobs.batch in namespace default');
});
