import { describe, expect, test } from 'vitest';
import type { Before } from '../../src/gateway/before.ts';
import { type CRD, raiseListenerLimit } from '../../src/gateway/crd-patch.ts';
import { removeGatewayObjects } from '../../src/gateway/uninstall.ts';
import { UserError } from '../../src/lib/errors.ts';
import type { KubeObject } from '../../src/lib/kube.ts';
import { type FakeKubeInput, fakeKube, refusal } from '../fakes/kube.ts';
import { gatewaysCRD, namespace, provisioner } from './fixture.ts';
import { contourDeployment, foreignGateway, installKinds, kubeSystem, labelled } from './foreign.ts';
import { apiGroups, installation, removalKinds } from './installation.ts';

const before: Before = { cluster: 'uid-1', crds: [], existed: [] };

const cluster = (objects: readonly KubeObject[], input: FakeKubeInput = {}) =>
  fakeKube({
    objects: [kubeSystem, ...objects],
    kinds: [...installKinds, ...removalKinds],
    texts: apiGroups,
    ...input,
  });

type Fake = ReturnType<typeof fakeKube>;

const remove = ({ kube }: Fake, more: { before?: Before; timeoutMs?: number } = {}) =>
  removeGatewayObjects(kube, { instance: 'dev' }, { before, timeoutMs: 300, ...more });

/** Plays the provisioner, which cleans up after its Gateway. */
const provisionerCleans = (fake: Fake, gateway: KubeObject): Fake => {
  const { kube } = fake;
  const clean = (): void => {
    for (const one of fake.objects()) {
      if (one.metadata.labels?.['projectcontour.io/owning-gateway-name'] === gateway.metadata.name) fake.drop(one);
    }
  };
  const wrapped: typeof kube = {
    ...kube,
    remove: async (ref, options) => {
      const isThere = await kube.remove(ref, options);
      if (ref.kind === 'Gateway') setTimeout(clean, 20);
      return isThere;
    },
  };
  return { ...fake, kube: wrapped };
};

const names = (objects: readonly KubeObject[]): readonly string[] =>
  objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).toSorted();

describe('removeGatewayObjects', () => {
  test('removes all that an installation made, users before what they use', async () => {
    const made = installation('dev');
    const gateway = foreignGateway('tasks');
    const fake = provisionerCleans(cluster([...made, contourDeployment('tasks')]), gateway);
    const { removed, restored, left } = await remove(fake);
    expect(left).toEqual([]);
    expect(restored).toEqual([]);
    expect(names(fake.objects())).toEqual(['Namespace kube-system']);
    const order = [
      'Job default/det-taskgate-1',
      'Gateway projectcontour/tasks',
      'ContourDeployment projectcontour/tasks',
      'GatewayClass taskgate',
      'Deployment projectcontour/contour-gateway-provisioner',
      'ClusterRoleBinding provisioner',
      'ClusterRole provisioner',
      'Namespace projectcontour',
      'CustomResourceDefinition gateways.gateway.networking.k8s.io',
    ];
    expect(removed.filter((one) => order.includes(one))).toEqual(order);
    expect(removed).toHaveLength(made.length);
  });

  test('touches nothing of others, though it looks the same', async () => {
    const others = [
      ...installation('other').map((one) => ({
        ...one,
        metadata: { ...one.metadata, name: `${one.metadata.name}-2` },
      })),
      foreignGateway('det-tasks', 'default'),
      provisioner,
      namespace,
    ];
    const fake = cluster(others);
    const objects = JSON.stringify(fake.objects());
    expect(await remove(fake)).toEqual({ removed: [], restored: [], left: [] });
    expect(JSON.stringify(fake.objects())).toBe(objects);
    expect(fake.writes()).toEqual([]);
  });

  test('leaves what was there before, though it has our label', async () => {
    const gateway = labelled(foreignGateway('tasks'), 'dev');
    const fake = cluster([gateway, contourDeployment('tasks')]);
    const { removed } = await remove(fake, { before: { ...before, existed: [gateway] } });
    expect(removed).toEqual([]);
    expect(fake.writes()).toEqual([]);
  });

  test('a second time there is nothing to do', async () => {
    const fake = provisionerCleans(cluster(installation('dev')), foreignGateway('tasks'));
    await remove(fake);
    expect(await remove(fake)).toEqual({ removed: [], restored: [], left: [] });
  });

  test('cleans up itself where no provisioner runs, and leaves a Gateway of the same name elsewhere alone', async () => {
    const elsewhere = contourDeployment('tasks', 'elsewhere');
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'leader-elect-tasks', namespace: 'projectcontour' },
    };
    const owner = { labels: { 'projectcontour.io/owning-gateway-name': 'tasks' } };
    const clusterRole = (name: string) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name, ...owner },
    });
    const made = [contourDeployment('tasks'), lease, clusterRole('contour-projectcontour-tasks')];
    const fake = cluster([...installation('dev'), ...made, elsewhere, clusterRole('contour-elsewhere-tasks')]);
    expect((await remove(fake)).left).toEqual([]);
    expect(names(fake.objects())).toEqual([
      'ClusterRole contour-elsewhere-tasks',
      'Deployment contour-tasks',
      'Namespace kube-system',
    ]);
    expect(fake.objects().find(({ kind }) => kind === 'Deployment')?.metadata.namespace).toBe('elsewhere');
  });

  test('refuses another cluster, before it removes anything', async () => {
    const fake = cluster(installation('dev'));
    await expect(remove(fake, { before: { ...before, cluster: 'uid-2' } })).rejects.toMatchObject({
      id: 'cluster.other-cluster',
    });
    expect(fake.writes()).toEqual([]);
  });

  test('tells what the API server does not let go, and removes the rest', async () => {
    const refuse = (call: string) =>
      call === 'remove GatewayClass taskgate' ? refusal(403, 'Forbidden', 'not you') : undefined;
    const fake = provisionerCleans(cluster(installation('dev'), { refuse }), foreignGateway('tasks'));
    const { left } = await remove(fake);
    expect(left).toContainEqual({ what: 'GatewayClass taskgate', why: 'not you' });
    expect(names(fake.objects()).filter((name) => !/CustomResource|kube-system/.test(name))).toEqual([
      'GatewayClass taskgate',
    ]);
  });

  test('credentials that show nothing are an error of the cluster', async () => {
    const refuse = () => refusal(401, 'Unauthorized', 'Unauthorized');
    await expect(remove(cluster([], { refuse }))).rejects.toMatchObject({
      id: 'cluster.refused',
      message: 'the API server refuses to show what is to be removed: Unauthorized',
    });
  });
});

test('a cluster that does not answer may be gone: then only the record of the instance can go', async () => {
  const fake = cluster([]);
  const dead = new UserError('the API server at https://a.example does not answer', { id: 'cluster.api' });
  const kube: typeof fake.kube = { ...fake.kube, get: () => Promise.reject(dead) };
  await expect(remove({ ...fake, kube })).rejects.toMatchObject({
    id: 'cluster.api',
    message: 'the API server at https://a.example does not answer',
    hint: expect.stringContaining('gone for good'),
  });
});

describe('the namespace that we made', () => {
  const ours = labelled(namespace, 'dev');
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'theirs', namespace: 'projectcontour' } };

  test('stays while somebody else has something in it', async () => {
    const fake = cluster([ours, configMap]);
    expect((await remove(fake)).left).toEqual([
      {
        what: 'Namespace projectcontour',
        why: 'others have 1 objects in it: ConfigMap projectcontour/theirs',
      },
    ]);
    expect(fake.writes()).toEqual([]);
  });

  test.each([
    ['what Kubernetes puts there', { ...configMap, metadata: { ...configMap.metadata, name: 'kube-root-ca.crt' } }],
    ['what belongs to another object', { ...configMap, metadata: { ...configMap.metadata, ownerReferences: [{}] } }],
    ['what goes already', { ...configMap, metadata: { ...configMap.metadata, deletionTimestamp: '2026-01-01' } }],
  ])('is not kept by %s', async (_, object) => {
    expect((await remove(cluster([ours, object]))).removed).toEqual(['Namespace projectcontour']);
  });

  test('stays where it cannot be seen what is in it', async () => {
    const fake = cluster([ours]);
    const kube: typeof fake.kube = {
      ...fake.kube,
      list: async (selection) => {
        if (selection.kind === 'ConfigMap' && selection.namespace) throw refusal(503, 'ServiceUnavailable', 'later');
        return fake.kube.list(selection);
      },
    };
    expect((await remove({ ...fake, kube })).left).toEqual([
      { what: 'Namespace projectcontour', why: 'what is in it cannot be seen: later' },
    ]);
    expect(fake.writes()).toEqual([]);
  });
});

describe('CRDs', () => {
  const crd = gatewaysCRD();
  const names = { kind: 'Gateway' };
  const withNames = (one: CRD): CRD => ({ ...one, spec: { ...one.spec, names } as CRD['spec'] });

  test('that we installed stay while others have objects of theirs', async () => {
    const fake = cluster([labelled(withNames(crd), 'dev'), foreignGateway('det-web', 'default')]);
    expect((await remove(fake)).left).toEqual([
      {
        what: '1 CustomResourceDefinitions of Gateway API',
        why: 'others have 1 objects of theirs: Gateway default/det-web',
      },
    ]);
    expect(fake.writes()).toEqual([]);
  });

  const patched: Before = { ...before, crds: [withNames(crd)], existed: [crd] };
  const specOf = (fake: Fake) => (fake.objects().find(({ kind }) => kind.startsWith('Custom')) as CRD).spec;

  test.each([64, 213, 256, 1000])('that were there are what they were before the limit was %d', async (limit) => {
    const fake = cluster([raiseListenerLimit(withNames(crd), limit), foreignGateway('det-web', 'default')]);
    const { restored, left } = await remove(fake, { before: patched });
    expect(left).toEqual([]);
    expect(restored).toEqual(limit === 64 ? [] : ['CustomResourceDefinition gateways.gateway.networking.k8s.io']);
    expect(specOf(fake)).toEqual(withNames(crd).spec);
  });

  test('get their field owners back', async () => {
    const managedFields = [{ manager: 'helm' }];
    const owned = { ...withNames(crd), metadata: { ...crd.metadata, managedFields } };
    const now = { ...raiseListenerLimit(owned, 213), metadata: { ...crd.metadata, managedFields: [{ manager: 'x' }] } };
    const fake = cluster([now]);
    await remove(fake, { before: { ...patched, crds: [owned] } });
    expect(fake.objects().find(({ kind }) => kind.startsWith('Custom'))?.metadata).toMatchObject({ managedFields });
  });

  const many = (count: number): KubeObject => {
    const listeners = Array.from({ length: count }, (_, index) => ({
      name: `l-${index}`,
      port: index + 1,
      protocol: 'TCP',
    }));
    const gateway = foreignGateway('det-web', 'default');
    return { ...gateway, spec: { ...gateway.spec, listeners } } as KubeObject;
  };

  test.each<readonly [what: string, now: CRD, others: readonly KubeObject[], why: string]>([
    [
      'somebody has changed since',
      raiseListenerLimit(withNames(gatewaysCRD({ rules: ['new rule'] })), 213),
      [],
      'somebody else has changed it since',
    ],
    [
      'another instance uses',
      raiseListenerLimit(withNames(crd), 213),
      [labelled(foreignGateway('tasks', 'default'), 'other')],
      "taskgate instance 'other' uses it",
    ],
    [
      'a Gateway needs as they are',
      raiseListenerLimit(withNames(crd), 213),
      [many(65)],
      'Gateway default/det-web has 65 listeners, it allowed 64',
    ],
  ])('that %s stay', async (_, now, others, why) => {
    const fake = cluster([now, ...others]);
    expect(await remove(fake, { before: patched })).toEqual({
      removed: [],
      restored: [],
      left: [{ what: 'the raised listener limit of CustomResourceDefinition gateways.gateway.networking.k8s.io', why }],
    });
    expect(fake.writes()).toEqual([]);
  });

  test('that somebody has removed since are not made again', async () => {
    const fake = cluster([]);
    expect(await remove(fake, { before: patched })).toEqual({ removed: [], restored: [], left: [] });
    expect(fake.writes()).toEqual([]);
  });
});
