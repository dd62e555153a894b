import { describe, expect, test } from 'vitest';
import type { OriginalState } from '../../../src/gateway/foreign/snapshot.ts';
import { type CRD, raiseListenerLimit } from '../../../src/gateway/install/listener-limit.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { type FakeKube, refusal } from '../../fakes/kube.ts';
import { gatewaysCRD } from '../../support/gateway/fixture.ts';
import { foreignGateway, labelled } from '../../support/gateway/foreign.ts';
import { emptyOriginal, fakeCluster, removeDev } from '../../support/gateway/installation.ts';

describe('CRDs', () => {
  const crd = gatewaysCRD();
  const names = { kind: 'Gateway' };
  const withNames = (one: CRD): CRD => ({ ...one, spec: { ...one.spec, names } as CRD['spec'] });

  test('that taskgate installed stay while other objects of them exist', async () => {
    const fake = fakeCluster([labelled(withNames(crd), 'dev'), foreignGateway('det-web', 'default')]);
    expect((await removeDev(fake)).left).toEqual([
      {
        what: '1 CustomResourceDefinitions of Gateway API',
        why: '1 of their objects were not created by taskgate: Gateway default/det-web',
      },
    ]);
    expect(fake.writes()).toEqual([]);
  });

  const contour = {
    ...withNames(crd),
    metadata: { name: 'contourdeployments.projectcontour.io' },
    spec: {
      group: 'projectcontour.io',
      versions: [{ name: 'v1alpha1', served: true }],
      names: { kind: 'ContourDeployment' },
    },
  } as CRD;
  const deployed = (name: string): KubeObject => ({
    ...{ apiVersion: 'projectcontour.io/v1alpha1', kind: 'ContourDeployment' },
    metadata: { name, namespace: 'ingress' },
  });

  test.each([
    [3, 'ingress/a, ContourDeployment ingress/b, ContourDeployment ingress/c'],
    [4, 'ingress/a, ContourDeployment ingress/b, ContourDeployment ingress/c, ...'],
  ])('of Contour stay for %i objects of it, those of Gateway API go', async (count, shown) => {
    const objects = ['a', 'b', 'c', 'd'].slice(0, count).map(deployed);
    const fake = fakeCluster([labelled(withNames(crd), 'dev'), labelled(contour, 'dev'), ...objects]);
    const { removed, left } = await removeDev(fake);
    expect(removed).toEqual(['CustomResourceDefinition gateways.gateway.networking.k8s.io']);
    expect(left).toEqual([
      {
        what: '1 CustomResourceDefinitions of Contour',
        why: `${count} of their objects were not created by taskgate: ContourDeployment ${shown}`,
      },
    ]);
  });

  test('of which no version is served have no objects, and go', async () => {
    const unserved = { ...contour, spec: { ...contour.spec, versions: [{ name: 'v1alpha1', served: false }] } };
    const { removed, left } = await removeDev(fakeCluster([labelled(unserved, 'dev'), deployed('a')]));
    expect(left).toEqual([]);
    expect(removed).toEqual(['CustomResourceDefinition contourdeployments.projectcontour.io']);
  });

  test('that are slow to go are waited for, and told; CRDs of others are not', async () => {
    const fake = fakeCluster([labelled(withNames(crd), 'dev'), contour]);
    const kube: typeof fake.kube = { ...fake.kube, remove: async () => true };
    expect((await removeDev({ ...fake, kube })).left).toEqual([
      {
        what: 'CustomResourceDefinitions of Gateway API',
        why: 'Removal of CustomResourceDefinitions of Gateway API not ready after 0s: CustomResourceDefinition gateways.gateway.networking.k8s.io still exists; Kubernetes continues to remove it',
      },
    ]);
  });

  const patched: OriginalState = { ...emptyOriginal, crds: [withNames(crd)], existed: [crd] };
  const specOf = (fake: FakeKube) => (fake.objects().find(({ kind }) => kind.startsWith('Custom')) as CRD).spec;

  test.each([64, 213, 256, 1000])('that were there are what they were before the limit was %d', async (limit) => {
    const fake = fakeCluster([raiseListenerLimit(withNames(crd), limit), foreignGateway('det-web', 'default')]);
    const { restored, left } = await removeDev(fake, patched);
    expect(left).toEqual([]);
    expect(restored).toEqual(limit === 64 ? [] : ['CustomResourceDefinition gateways.gateway.networking.k8s.io']);
    expect(specOf(fake)).toEqual(withNames(crd).spec);
  });

  test('get their field owners back', async () => {
    const managedFields = [{ manager: 'helm' }];
    const owned = { ...withNames(crd), metadata: { ...crd.metadata, managedFields } };
    const now = { ...raiseListenerLimit(owned, 213), metadata: { ...crd.metadata, managedFields: [{ manager: 'x' }] } };
    const fake = fakeCluster([now]);
    await removeDev(fake, { ...patched, crds: [owned] });
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
      'it was changed by another program since',
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
      'Gateway default/det-web has 65 listeners, more than the original limit of 64',
    ],
  ])('that %s stay', async (_, now, others, why) => {
    const fake = fakeCluster([now, ...others]);
    expect(await removeDev(fake, patched)).toEqual({
      removed: [],
      restored: [],
      left: [{ what: 'the raised listener limit of CustomResourceDefinition gateways.gateway.networking.k8s.io', why }],
    });
    expect(fake.writes()).toEqual([]);
  });

  test('that have as many listeners as they may, by the lower of the limits, are restored', async () => {
    const lower = withNames(gatewaysCRD({ limit: 100, statusLimit: 64 }));
    const judge = (count: number) =>
      removeDev(fakeCluster([raiseListenerLimit(lower, 213), many(count)]), { ...patched, crds: [lower] });
    expect((await judge(64)).left).toEqual([]);
    expect((await judge(65)).left).toHaveLength(1);
  });

  test('that the API server refuses to restore are told; a bug ends the removal', async () => {
    const judge = (error: Error) => {
      const refuse = (call: string) => (call.startsWith('update') ? error : undefined);
      return removeDev(fakeCluster([raiseListenerLimit(withNames(crd), 213)], { refuse }), patched);
    };
    const { left, restored } = await judge(refusal(403, 'Forbidden', 'not you'));
    expect(restored).toEqual([]);
    expect(left.map(({ why }) => why)).toEqual(['not you']);
    await expect(judge(new TypeError('no such field'))).rejects.toThrow('no such field');
  });

  test('without field owners are not given any', async () => {
    const fake = fakeCluster([raiseListenerLimit(withNames(crd), 213)]);
    await removeDev(fake, patched);
    expect(fake.writes()).toEqual(['update CustomResourceDefinition gateways.gateway.networking.k8s.io']);
  });

  test('that somebody has removed since are not made again', async () => {
    const fake = fakeCluster([]);
    expect(await removeDev(fake, patched)).toEqual({ removed: [], restored: [], left: [] });
    expect(fake.writes()).toEqual([]);
  });
});
