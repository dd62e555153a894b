import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { gatewayRef } from '../../../src/model/gateway-api.ts';
import { makeJob, makeRoute, makeService } from '../../../src/proof/sample-task/manifests.ts';
import { ownerAnnotation } from '../../../src/proof/sample-task/owner.ts';
import { removeLeftovers, removeSampleTask } from '../../../src/proof/sample-task/removal.ts';
import { nameSampleTask, type SampleTask } from '../../../src/proof/sample-task/task.ts';
import { type FakeKubeInput, fakeKube, refusal } from '../../fakes/kube.ts';
import { gateway, masterAt } from '../../support/proof/local-path.ts';

const listeners = (...ports: readonly number[]) =>
  ports.map((port) => ({ name: `det-${port}`, port, protocol: 'TCP' }));
const gatewayOf = (owners: Readonly<Record<number, string>>) => ({
  ...gatewayRef(gateway),
  metadata: {
    ...gatewayRef(gateway).metadata,
    annotations: Object.fromEntries(
      Object.entries(owners).map(([port, owner]) => [`determined.ai/det-gateway-port-${port}`, owner]),
    ),
  },
  spec: { listeners: listeners(...Object.keys(owners).map(Number)) },
});
const objectsOf = (task: SampleTask, listenerPort: number, pid = process.pid) => {
  const exposure = { protocol: 'http', podPort: 8080, listenerPort, name: `${task.jobName}-0` } as const;
  const job = makeJob(task, { image: 'agnhost', master: masterAt(8080) });
  const annotations = { [ownerAnnotation]: `${hostname()} ${pid}` };
  return [
    { ...job, metadata: { ...job.metadata, annotations } },
    makeService(task, exposure),
    makeRoute(task, exposure, gateway),
  ];
};
const kubeOf = (input: FakeKubeInput) => fakeKube({ kinds: ['v1/ConfigMap'], ...input });
const names = (objects: readonly { readonly kind: string; readonly metadata: { readonly name: string } }[]) =>
  objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).toSorted();
const where = { instance: 'dev', namespace: 'default', gateway };
const [mine, dead, foreign] = [1, 2, 3].map(() => nameSampleTask({ instance: 'dev' }, 'default')) as [
  SampleTask,
  SampleTask,
  SampleTask,
];
const deadPid = 2 ** 22 + 1;
const masters = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'det-abc-0', namespace: 'default', labels: { determined: 'x.1' } },
};

test('removes one task with its listener, and nothing else', async () => {
  const all = gatewayOf({ 20000: mine.allocationId, 20001: foreign.allocationId, 20002: 'x.1' });
  const rest = [masters, ...objectsOf(foreign, 20001)];
  const fake = kubeOf({ objects: [all, ...rest, ...objectsOf(mine, 20000)] });
  expect(await removeSampleTask(fake.kube, mine, gateway)).toEqual([
    'listener det-20000 and its annotation',
    `Job ${mine.jobName}`,
    `Service ${mine.jobName}-0`,
    `TCPRoute ${mine.jobName}-0`,
  ]);
  expect(names(fake.objects())).toEqual(names([all, ...rest]));
  expect((await fake.kube.get<typeof all>(all)).spec.listeners).toEqual(listeners(20001, 20002));
  expect(await removeSampleTask(fake.kube, mine, gateway)).toEqual([]);
});

test('leftovers are what dead runs of this instance made; a living run keeps its own', async () => {
  const other = nameSampleTask({ instance: 'other' }, 'default');
  const all = gatewayOf({
    20000: mine.allocationId,
    20001: dead.allocationId,
    20002: 'x.1',
    20003: other.allocationId,
    20004: foreign.allocationId, // its Job is gone already
  });
  const objects = [
    all,
    masters,
    ...objectsOf(mine, 20000),
    ...objectsOf(dead, 20001, deadPid),
    ...objectsOf(other, 20003, deadPid),
  ];
  const fake = kubeOf({ objects });
  expect(await removeLeftovers(fake.kube, where)).toEqual([
    'listener det-20001 and its annotation',
    'listener det-20004 and its annotation',
    `Job ${dead.jobName}`,
    `Service ${dead.jobName}-0`,
    `TCPRoute ${dead.jobName}-0`,
  ]);
  expect((await fake.kube.get<typeof all>(all)).spec.listeners).toEqual(listeners(20000, 20002, 20003));
});

test('leftovers of an instance of the same name that another user has stay; older ones of our own go', async () => {
  const marked = (instanceId: string) => nameSampleTask({ instance: 'dev', instanceId }, 'default');
  const [own, theirs] = [marked('a'), marked('b')];
  const all = gatewayOf({ 20000: own.allocationId, 20001: theirs.allocationId, 20002: dead.allocationId });
  const tasks = [own, theirs, dead].flatMap((task, index) => objectsOf(task, 20000 + index, deadPid));
  const fake = kubeOf({ objects: [all, ...tasks] });
  const removed = await removeLeftovers(fake.kube, { ...where, instanceId: 'a' });
  expect(removed).toContain(`Job ${own.jobName}`);
  expect((await fake.kube.get<typeof all>(all)).spec.listeners).toEqual(listeners(20001, 20002));
  const older = await removeLeftovers(fake.kube, { ...where, instanceId: 'a', ownsUnmarked: true });
  expect(older).toContain(`Job ${dead.jobName}`);
  expect((await fake.kube.get<typeof all>(all)).spec.listeners).toEqual(listeners(20001));
});

test('without leftovers nothing is written', async () => {
  const fake = kubeOf({ objects: [gatewayOf({ 20002: 'x.1' }), ...objectsOf(mine, 20000)] });
  expect(await removeLeftovers(fake.kube, where)).toEqual([]);
  expect(fake.writes()).toEqual([]);
});

test('a Gateway or a kind that is gone needs no removal', async () => {
  const kinds = ['v1/ConfigMap', 'gateway.networking.k8s.io/v1/Gateway'];
  const absentKinds = ['gateway.networking.k8s.io/v1alpha2/TCPRoute'];
  const objects = objectsOf(mine, 20000).slice(0, 2);
  const fake = fakeKube({ kinds, absentKinds, objects });
  expect(await removeSampleTask(fake.kube, mine, gateway)).toEqual([
    `Job ${mine.jobName}`,
    `Service ${mine.jobName}-0`,
  ]);
});

test('a refused removal is not taken for success', async () => {
  const fake = kubeOf({
    objects: [gatewayOf({}), ...objectsOf(mine, 20000)],
    refuse: (call) =>
      call.startsWith('remove TCPRoute') ? refusal(403, 'Forbidden', 'tcproutes is forbidden') : undefined,
  });
  await expect(removeSampleTask(fake.kube, mine, gateway)).rejects.toThrow('tcproutes is forbidden');
});

test.each([
  'listeners',
  'second Service',
])('a refusal leaves no other removal on its way, however slow: %s', async (slow) => {
  const second = makeService(mine, { protocol: 'tcp', podPort: 1, listenerPort: 2, name: `${mine.jobName}-1` });
  const fake = kubeOf({
    objects: [gatewayOf({ 20000: mine.allocationId }), second, ...objectsOf(mine, 20000)],
    refuse: (call) => (call === `remove Service default/${mine.jobName}-0` ? refusal(403, 'No', 'no') : undefined),
  });
  const remove: typeof fake.kube.remove = async (ref, options) => {
    if (slow !== 'listeners' && ref.metadata.name === `${mine.jobName}-1`) await pause(30);
    return fake.kube.remove(ref, options);
  };
  const update: typeof fake.kube.update = async (object) => {
    if (slow === 'listeners') await pause(30);
    return fake.kube.update(object);
  };
  await expect(removeSampleTask({ ...fake.kube, remove, update }, mine, gateway)).rejects.toThrow('no');
  expect(names(fake.objects())).toEqual(['Gateway contour', `Service ${mine.jobName}-0`]);
  expect((await fake.kube.get<ReturnType<typeof gatewayOf>>(gatewayOf({}))).spec.listeners).toEqual([]);
});
