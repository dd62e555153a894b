import { describe, expect, test } from 'vitest';
import { refusal } from '../../fakes/kube.ts';
import { namespace } from '../../support/gateway/fixture.ts';
import { labelled } from '../../support/gateway/foreign.ts';
import { fakeCluster, removeDev } from '../../support/gateway/installation.ts';

describe('the namespace that we made', () => {
  const ours = labelled(namespace, 'dev');
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'theirs', namespace: 'projectcontour' } };

  test('stays while somebody else has something in it', async () => {
    const fake = fakeCluster([ours, configMap]);
    expect((await removeDev(fake)).left).toEqual([
      {
        what: 'Namespace projectcontour',
        why: 'it has 1 objects that taskgate did not create: ConfigMap projectcontour/theirs',
      },
    ]);
    expect(fake.writes()).toEqual([]);
  });

  test.each([
    ['what Kubernetes puts there', { ...configMap, metadata: { ...configMap.metadata, name: 'kube-root-ca.crt' } }],
    ['what belongs to another object', { ...configMap, metadata: { ...configMap.metadata, ownerReferences: [{}] } }],
    ['what goes already', { ...configMap, metadata: { ...configMap.metadata, deletionTimestamp: '2026-01-01' } }],
  ])('is not kept by %s', async (_, object) => {
    expect((await removeDev(fakeCluster([ours, object]))).removed).toEqual(['Namespace projectcontour']);
  });

  test('stays where it cannot be seen what is in it', async () => {
    const fake = fakeCluster([ours]);
    const kube: typeof fake.kube = {
      ...fake.kube,
      list: async (selection) => {
        if (selection.kind === 'ConfigMap' && selection.namespace) throw refusal(503, 'ServiceUnavailable', 'later');
        return fake.kube.list(selection);
      },
    };
    expect((await removeDev({ ...fake, kube })).left).toEqual([
      { what: 'Namespace projectcontour', why: 'its objects cannot be listed: later' },
    ]);
    expect(fake.writes()).toEqual([]);
  });
});
