import { expect, test } from 'vitest';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { findForeignMaster } from '../../../src/master/foreign/foreign.ts';
import { addListeners } from '../../../src/proof/sample-task/listeners.ts';
import { makeCertificates, makeJob, makeRoute, makeService } from '../../../src/proof/sample-task/manifests.ts';
import { nameSampleTask } from '../../../src/proof/sample-task/task.ts';
import { fakeKube, refusal } from '../../fakes/kube.ts';
import { sampleValues } from '../../support/master/sample.ts';

const { gateway, master } = sampleValues;
const place = { taskNamespace: 'team', gateway: { name: gateway.name, namespace: gateway.namespace } };
const kinds = ['batch/v1/Job', 'v1/ConfigMap', 'v1/Pod', 'gateway.networking.k8s.io/v1alpha2/TCPRoute'];
const gatewayKind = 'gateway.networking.k8s.io/v1/Gateway';
const own = '1a2b3c4d-0000-4000-8000-000000000000';

const gatewayWith = (allocations: readonly string[] = []) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: {
    name: gateway.name,
    namespace: gateway.namespace,
    annotations: Object.fromEntries(
      allocations.map((allocation, index) => [`determined.ai/det-gateway-port-${20000 + index}`, allocation]),
    ),
  },
  spec: { listeners: [{ name: 'seed', port: 19999, protocol: 'TCP' }] },
});

/** A task as a master makes it (docs/determined.md, What a task makes). */
const taskOf = (cluster: string, task: string, namespace = 'team') => {
  const labels = { determined: `${task}.1` };
  const name = `det-${cluster}-cmd-${task}`;
  return {
    job: { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace, labels } },
    configMap: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels } },
    route: {
      apiVersion: 'gateway.networking.k8s.io/v1alpha2',
      kind: 'TCPRoute',
      metadata: { name: `${name}-0`, namespace, labels },
      spec: { parentRefs: [{ ...place.gateway, port: 20000, sectionName: 'det-20000' }] },
    },
  };
};

const find = (objects: readonly KubeObject[], ownClusterId?: string) =>
  findForeignMaster(fakeKube({ objects, kinds: [...kinds, gatewayKind] }).kube, { ...place, ownClusterId });

const ours = taskOf('1a2b3c4d', 'aa');
const theirs = taskOf('99887766', 'bb');
const elsewhere = taskOf('99887766', 'cc', 'other');
const all = ({ job, configMap, route }: typeof ours): readonly KubeObject[] => [job, configMap, route];

test.each<readonly [what: string, objects: readonly KubeObject[]]>([
  ['nothing', []],
  ['an idle Gateway', [gatewayWith()]],
  ['our own tasks', [gatewayWith(['aa.1']), ...all(ours)]],
  ['tasks in another namespace without our Gateway', [gatewayWith(), elsewhere.job, elsewhere.configMap]],
  ['a port whose task is gone', [gatewayWith(['gone.1'])]],
  [
    'a route to another Gateway of that name',
    [gatewayWith(), { ...elsewhere.route, spec: { parentRefs: [{ name: gateway.name }] } } as KubeObject],
  ],
  ['a Job of other people', [{ ...ours.job, metadata: { ...theirs.job.metadata, name: 'nightly-12345678-x' } }]],
])('no foreign master: %s', async (_, objects) => {
  expect(await find(objects, own)).toEqual([]);
});

test('tasks of another master in the task namespace', async () => {
  const objects = [gatewayWith(['aa.1']), ...all(ours), theirs.job, theirs.configMap];
  expect(await find(objects, own)).toEqual([
    {
      message:
        'namespace team has tasks of another master, with cluster id 99887766...: Job team/det-99887766-cmd-bb, ConfigMap team/det-99887766-cmd-bb',
      hint: expect.stringContaining('master.taskNamespace'),
    },
  ]);
});

test.each([
  ['its route leads there', [gatewayWith(), elsewhere.route], 'TCPRoute other/det-99887766-cmd-cc-0'],
  ['its task holds a port', [gatewayWith(['cc.1']), elsewhere.job], 'Job other/det-99887766-cmd-cc'],
])('a master in another namespace on the Gateway: %s', async (_, objects, name) => {
  expect(await find(objects, own)).toEqual([
    {
      message: `Gateway projectcontour/contour serves tasks of another master, with cluster id 99887766...: ${name}`,
      hint: expect.stringContaining('gateway.name'),
    },
  ]);
});

test('until the own master has answered, every master has a finding', async () => {
  const messages = (await find([...all(ours), ...all(theirs)])).map(({ message }) => message);
  expect(messages).toEqual([
    expect.stringMatching(/^namespace team .* 1a2b3c4d\.\.\./),
    expect.stringMatching(/^namespace team .* 99887766\.\.\./),
    expect.stringMatching(/^Gateway .* 1a2b3c4d\.\.\./),
    expect.stringMatching(/^Gateway .* 99887766\.\.\./),
  ]);
});

test('of many objects a few are named', async () => {
  const tasks = ['a', 'b', 'c', 'd', 'e'].map((name) => taskOf('99887766', name).job);
  const [finding] = await find(tasks, own);
  expect(finding?.message).toMatch(/: Job team\/det-99887766-cmd-a, .*-b, .*-c and 2 more$/);
});

test('a master installed by a chart in the task namespace', async () => {
  const pod = (labels: Readonly<Record<string, string>>, namespace: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'determined-master-deployment-det-0', namespace, labels },
  });
  expect(await find([pod({ 'determined-system': 'master' }, 'ml'), pod({ determined: 'aa.1' }, 'team')])).toEqual([]);
  expect(await find([pod({ 'determined-system': 'master' }, 'team')])).toEqual([
    {
      message: 'namespace team has a master that runs in the cluster: Pod team/determined-master-deployment-det-0',
      hint: expect.stringContaining('master.taskNamespace'),
    },
  ]);
});

test('sample tasks of any instance are not a master', async () => {
  const fake = fakeKube({ objects: [gatewayWith()], kinds: [...kinds, 'v1/Service'] });
  for (const instance of ['dev', 'second']) {
    const task = nameSampleTask({ instance }, 'team');
    const wish = { allocationId: task.allocationId, wanted: 'lowest', count: 1 } as const;
    await addListeners(fake.kube, gateway, wish);
    const exposure = { protocol: 'http', podPort: 8080, listenerPort: 20000, name: `${task.jobName}-0` } as const;
    fake.put(makeJob(task, { image: 'agnhost', master }));
    fake.put(makeCertificates(task));
    fake.put(makeService(task, exposure));
    fake.put(makeRoute(task, exposure, gateway));
  }
  expect(await findForeignMaster(fake.kube, place)).toEqual([]);
  expect(await findForeignMaster(fake.kube, { ...place, ownClusterId: own })).toEqual([]);
});

test('a cluster without TCPRoute and Gateway is checked too', async () => {
  const absentKinds = ['gateway.networking.k8s.io/v1alpha2/TCPRoute', gatewayKind];
  const { kube, writes } = fakeKube({ objects: [theirs.job], kinds, absentKinds });
  expect(await findForeignMaster(kube, place)).toHaveLength(1);
  expect(writes()).toEqual([]);
});

test('an account that may not list the whole cluster looks at its own namespace', async () => {
  const { kube } = fakeKube({ objects: [theirs.job, elsewhere.job], kinds: [...kinds, gatewayKind] });
  const limited = {
    ...kube,
    list: (async (selection) => {
      if (selection.namespace === undefined) throw refusal(403, 'Forbidden', 'jobs.batch is forbidden');
      return kube.list(selection);
    }) as typeof kube.list,
  };
  expect((await findForeignMaster(limited, place)).map(({ message }) => message)).toEqual([
    expect.stringContaining('Job team/det-99887766-cmd-bb'),
  ]);
});
