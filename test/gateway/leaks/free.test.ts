import { expect, test } from 'vitest';
import { freeHoldings } from '../../../src/gateway/leaks/free.ts';
import { isDead } from '../../../src/gateway/leaks/holdings.ts';
import { lookOnce } from '../../../src/gateway/leaks/look.ts';
import type { Gateway } from '../../../src/lib/kube/shapes.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { gatewayRef } from '../../../src/model/gateway-api.ts';
import { type FakeKube, type FakeKubeInput, fakeKube, refusal } from '../../fakes/kube.ts';
import { endedJob, gatewayWith, kindsOfTasks, leftOf, longAgo, place, taskOf } from '../../support/gateway/holdings.ts';

const a = taskOf('a', [20000]);
const b = taskOf('b', [20001]);
const both = gatewayWith({ 20000: 'a.1', 20001: 'b.1' });
const living = [b.job, b.pod, ...leftOf(b)];

const start = (objects: readonly KubeObject[], input: FakeKubeInput = {}) =>
  fakeKube({ objects, kinds: kindsOfTasks, ...input });

/** Sees what is dead, and frees that. */
const free = async (fake: FakeKube, between: () => void = () => undefined) => {
  const dead = (await lookOnce(fake.kube, place)).filter(isDead);
  between();
  return freeHoldings(fake.kube, place, dead);
};

const gatewayOf = (fake: FakeKube): Gateway =>
  fake.objects().find(({ kind }) => kind === gatewayRef(place.gateway).kind) as Gateway;
const namesOf = (fake: FakeKube) => gatewayOf(fake).spec.listeners.map(({ name }) => name);

test('a dead task’s objects go, route first and listener last; a living one’s and all else stay', async () => {
  const fake = start([both, ...leftOf(a), ...living]);
  const before = new Set(fake.objects().filter(({ metadata }) => metadata.labels?.['determined'] === 'b.1'));
  expect(await free(fake)).toEqual([
    {
      allocationId: 'a.1',
      removed: [
        'TCPRoute default/det-a1b2c3d4-cmd-a-0',
        'Service default/det-a1b2c3d4-cmd-a-0',
        'ConfigMap default/det-a1b2c3d4-cmd-a',
        'listener det-20000 and its annotation',
      ],
      left: [],
    },
  ]);
  expect(fake.writes()).toEqual([
    'remove TCPRoute default/det-a1b2c3d4-cmd-a-0',
    'remove Service default/det-a1b2c3d4-cmd-a-0',
    'remove ConfigMap default/det-a1b2c3d4-cmd-a',
    'remove PriorityClass a.1-priorityclass',
    'update Gateway projectcontour/contour',
  ]);
  expect(namesOf(fake)).toEqual(['taskgate-seed', 'det-20001']);
  expect(gatewayOf(fake).metadata.annotations).toEqual({
    'example.com/kept': 'yes',
    'determined.ai/det-gateway-port-20001': 'b.1',
  });
  for (const object of before) expect(fake.objects()).toContain(object);
});

test('an ended task’s Job goes with the rest', async () => {
  const fake = start([gatewayWith({ 20000: 'a.1' }), ...leftOf(a), endedJob(a.job, longAgo)]);
  const [freed] = await free(fake);
  expect(freed?.removed).toContain('Job default/det-a1b2c3d4-cmd-a');
  expect(fake.objects().map(({ kind }) => kind)).toEqual(['Gateway']);
});

test('a task that has a Job again since it was seen keeps everything', async () => {
  const fake = start([gatewayWith({ 20000: 'a.1' }), ...leftOf(a)]);
  const [freed] = await free(fake, () => fake.put(a.job));
  expect(freed).toMatchObject({ removed: [], because: 'it has a Job or a pod again' });
  expect(freed?.left).toContain('listener det-20000');
  expect(fake.writes()).toEqual([]);
});

test('a port that was handed to another task since it was seen is that task’s', async () => {
  const fake = start([gatewayWith({ 20000: 'a.1' })]);
  const c = taskOf('c', [20000]);
  const [freed] = await free(fake, () => {
    fake.put(gatewayWith({ 20000: 'c.1' }));
    for (const object of [c.job, ...leftOf(c)]) fake.put(object);
  });
  expect(freed).toEqual({ allocationId: 'a.1', removed: [], left: [] });
  expect(fake.writes()).toEqual(['remove PriorityClass a.1-priorityclass']);
  expect(namesOf(fake)).toEqual(['taskgate-seed', 'det-20000']);
});

test('a port to which a living task’s route has come since is skipped, and not told as freed', async () => {
  const fake = start([gatewayWith({ 20000: 'a.1' })]);
  const c = taskOf('c', [20000]);
  const [freed] = await free(fake, () => {
    for (const object of [c.job, ...leftOf(c)]) fake.put(object);
  });
  expect(freed).toEqual({ allocationId: 'a.1', removed: [], left: [] });
  expect(namesOf(fake)).toEqual(['taskgate-seed', 'det-20000']);
});

test('a route of a living task on another Gateway does not keep the port', async () => {
  const c = taskOf('c', [20000], { gateway: { name: 'other', namespace: 'projectcontour' } });
  const fake = start([gatewayWith({ 20000: 'a.1' }), c.job, ...leftOf(c)]);
  const [freed] = await free(fake);
  expect(freed).toEqual({ allocationId: 'a.1', removed: ['listener det-20000 and its annotation'], left: [] });
  expect(namesOf(fake)).toEqual(['taskgate-seed']);
});

test('an object that was made again under its name stays, and so does the listener', async () => {
  const [service] = a.services;
  const fake = start([gatewayWith({ 20000: 'a.1' }), ...leftOf(a)]);
  const again = { ...service, metadata: { ...service?.metadata, uid: 'new' } } as KubeObject;
  const [freed] = await free(fake, () => {
    fake.drop(again);
    fake.put(again);
  });
  expect(freed?.because).toBe('Service default/det-a1b2c3d4-cmd-a-0 was made again');
  expect(fake.objects()).toContainEqual(expect.objectContaining({ metadata: expect.objectContaining({ uid: 'new' }) }));
  expect(namesOf(fake)).toContain('det-20000');
});

test('a master that writes in between is a conflict: both changes are there in the end', async () => {
  let isFirst = true;
  const fake: FakeKube = start([both, ...leftOf(a), ...living], {
    refuse: (call) => {
      if (!isFirst || !call.startsWith('update Gateway')) return undefined;
      isFirst = false;
      fake.put(gatewayWith({ 20000: 'a.1', 20001: 'b.1', 20002: 'b.1' }));
      return undefined;
    },
  });
  const [freed] = await free(fake);
  expect(freed?.left).toEqual([]);
  expect(namesOf(fake)).toEqual(['taskgate-seed', 'det-20001', 'det-20002']);
});

test('five lost races are told', async () => {
  const fake = start([gatewayWith({ 20000: 'a.1' })], {
    refuse: (call) => (call.startsWith('update Gateway') ? refusal(409, 'Conflict', 'modified') : undefined),
  });
  expect(await free(fake)).toEqual([
    {
      allocationId: 'a.1',
      removed: [],
      left: ['listener det-20000'],
      because: 'another client keeps changing the Gateway; five tries were too late',
    },
  ]);
  expect(fake.writes().filter((call) => call.startsWith('update'))).toHaveLength(5);
});

test('a refusal for one task is told, and keeps its listener from being handed out; others are freed', async () => {
  const c = taskOf('c', [20002]);
  const fake = start([gatewayWith({ 20000: 'a.1', 20002: 'c.1' }), ...leftOf(a), ...leftOf(c)], {
    refuse: (call) =>
      call.startsWith('remove TCPRoute') && call.includes('-a-')
        ? refusal(403, 'Forbidden', 'tcproutes is forbidden')
        : undefined,
  });
  const [first, second] = await free(fake);
  expect(first).toMatchObject({ removed: [], because: 'tcproutes is forbidden' });
  expect(first?.left).toHaveLength(4);
  expect(second?.left).toEqual([]);
  expect(namesOf(fake)).toEqual(['taskgate-seed', 'det-20000']);
});

test('an object that a finalizer holds is told', async () => {
  const [route] = a.routes;
  const held = { ...route, metadata: { ...route?.metadata, finalizers: ['example.com/held'] } } as KubeObject;
  const fake = start([held]);
  expect(await free(fake)).toEqual([
    {
      allocationId: 'a.1',
      removed: [],
      left: ['TCPRoute default/det-a1b2c3d4-cmd-a-0'],
      because: 'TCPRoute default/det-a1b2c3d4-cmd-a-0 is still there: has it a finalizer?',
    },
  ]);
});

test('a PriorityClass goes too; who may not remove it does without', async () => {
  const priority = {
    ...{ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'a.1-priorityclass' } },
  };
  const fake = start([...leftOf(a), priority]);
  expect((await free(fake))[0]?.removed).toContain('PriorityClass a.1-priorityclass');
  const refused = start([...leftOf(a), priority], {
    refuse: (call) => (call.startsWith('remove PriorityClass') ? refusal(403, 'Forbidden', 'no') : undefined),
  });
  expect((await free(refused))[0]).toMatchObject({ left: [] });
});

test('an abort ends it between two tasks', async () => {
  const fake = start(leftOf(a));
  const dead = await lookOnce(fake.kube, place);
  await expect(freeHoldings(fake.kube, place, dead, { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow(
    'stop',
  );
  expect(fake.writes()).toEqual([]);
});
