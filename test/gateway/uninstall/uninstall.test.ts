import { describe, expect, test } from 'vitest';
import { UserError } from '../../../src/lib/errors.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { type FakeKube, refusal } from '../../fakes/kube.ts';
import { namespace, provisioner } from '../../support/gateway/fixture.ts';
import { contourDeployment, foreignGateway, labelled } from '../../support/gateway/foreign.ts';
import { emptyOriginal, fakeCluster, installation, marked, removeDev } from '../../support/gateway/installation.ts';

/** Plays the provisioner, which cleans up after its Gateway. */
const provisionerCleans = (fake: FakeKube, gateway: KubeObject): FakeKube => {
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
    const fake = provisionerCleans(fakeCluster([...made, contourDeployment('tasks')]), gateway);
    const { removed, restored, left } = await removeDev(fake);
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
    const fake = fakeCluster(others);
    const objects = JSON.stringify(fake.objects());
    expect(await removeDev(fake)).toEqual({ removed: [], restored: [], left: [] });
    expect(JSON.stringify(fake.objects())).toBe(objects);
    expect(fake.writes()).toEqual([]);
  });

  test('leaves what was there before, though it has our label', async () => {
    const gateway = labelled(foreignGateway('tasks'), 'dev');
    const fake = fakeCluster([gateway, contourDeployment('tasks')]);
    const { removed } = await removeDev(fake, { ...emptyOriginal, existed: [gateway] });
    expect(removed).toEqual([]);
    expect(fake.writes()).toEqual([]);
  });

  test('touches nothing of an instance of the same name that another user has', async () => {
    const fake = fakeCluster(marked(installation('dev'), 'a'));
    for (const owner of [{ instance: 'dev', instanceId: 'b' }, { instance: 'dev' }]) {
      expect(await removeDev(fake, emptyOriginal, owner)).toEqual({ removed: [], restored: [], left: [] });
    }
    expect(fake.writes()).toEqual([]);
  });

  test('a new instance does not take the objects of an older taskgate that have its name and no id', async () => {
    const fake = fakeCluster(installation('dev'));
    const { removed } = await removeDev(fake, emptyOriginal, { instance: 'dev', instanceId: 'b' });
    expect(removed).toEqual([]);
    expect(fake.writes()).toEqual([]);
  });

  test('an instance that got its id later removes what it made before and after that', async () => {
    const [first, ...others] = installation('dev');
    const made = [...(first ? [first] : []), ...marked(others, 'a')];
    const fake = provisionerCleans(fakeCluster(made), foreignGateway('tasks'));
    const { removed } = await removeDev(fake, emptyOriginal, { instance: 'dev', instanceId: 'a', ownsUnmarked: true });
    expect(removed).toHaveLength(made.length);
    expect(names(fake.objects())).toEqual(['Namespace kube-system']);
  });

  test('a second time there is nothing to do', async () => {
    const fake = provisionerCleans(fakeCluster(installation('dev')), foreignGateway('tasks'));
    await removeDev(fake);
    expect(await removeDev(fake)).toEqual({ removed: [], restored: [], left: [] });
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
    const fake = fakeCluster([...installation('dev'), ...made, elsewhere, clusterRole('contour-elsewhere-tasks')]);
    expect((await removeDev(fake)).left).toEqual([]);
    expect(names(fake.objects())).toEqual([
      'ClusterRole contour-elsewhere-tasks',
      'Deployment contour-tasks',
      'Namespace kube-system',
    ]);
    expect(fake.objects().find(({ kind }) => kind === 'Deployment')?.metadata.namespace).toBe('elsewhere');
  });

  test('refuses another cluster, before it removes anything', async () => {
    const fake = fakeCluster(installation('dev'));
    await expect(removeDev(fake, { ...emptyOriginal, cluster: 'uid-2' })).rejects.toMatchObject({
      id: 'cluster.other-cluster',
    });
    expect(fake.writes()).toEqual([]);
  });

  test('tells what the API server does not let go, and removes the rest', async () => {
    const refuse = (call: string) =>
      call === 'remove GatewayClass taskgate' ? refusal(403, 'Forbidden', 'not you') : undefined;
    const fake = provisionerCleans(fakeCluster(installation('dev'), { refuse }), foreignGateway('tasks'));
    const { left } = await removeDev(fake);
    expect(left).toContainEqual({ what: 'GatewayClass taskgate', why: 'not you' });
    expect(names(fake.objects()).filter((name) => !/CustomResource|kube-system/.test(name))).toEqual([
      'GatewayClass taskgate',
    ]);
  });

  test('credentials that show nothing are an error of the cluster', async () => {
    const refuse = () => refusal(401, 'Unauthorized', 'Unauthorized');
    await expect(removeDev(fakeCluster([], { refuse }))).rejects.toMatchObject({
      id: 'cluster.refused',
      message: 'the API server refuses to list the objects to be removed: Unauthorized',
    });
  });
});

test('a cluster that does not answer may be gone: then only the record of the instance can go', async () => {
  const fake = fakeCluster([]);
  const dead = new UserError('the API server at https://a.example does not answer', { id: 'cluster.api' });
  const kube: typeof fake.kube = { ...fake.kube, get: () => Promise.reject(dead) };
  await expect(removeDev({ ...fake, kube })).rejects.toMatchObject({
    id: 'cluster.api',
    message: 'the API server at https://a.example does not answer',
    hint: expect.stringContaining('no longer exists'),
  });
});
