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
    [3, 'ConfigMap projectcontour/c-0, ConfigMap projectcontour/c-1, ConfigMap projectcontour/c-2'],
    [4, 'ConfigMap projectcontour/c-0, ConfigMap projectcontour/c-1, ConfigMap projectcontour/c-2, ...'],
  ])('names three of %i that keep it', async (count, shown) => {
    const all = Array.from({ length: count }, (_, i) => ({
      ...configMap,
      metadata: { ...configMap.metadata, name: `c-${i}` },
    }));
    const [leftover] = (await removeDev(fakeCluster([ours, ...all]))).left;
    expect(leftover?.why).toBe(`it has ${count} objects that taskgate did not create: ${shown}`);
  });

  test.each([
    ['a Secret of the name that only a ConfigMap has', 'kube-root-ca.crt', 'ServiceAccount'],
    ['an account of another name', 'builder', 'ServiceAccount'],
    ['a ConfigMap of the name that only an account has', 'default', 'ConfigMap'],
    ['a Deployment, of a group beside the core', 'web', 'Deployment'],
  ])('stays for %s', async (_, name, kind) => {
    const apiVersion = kind === 'Deployment' ? 'apps/v1' : 'v1';
    const object = { apiVersion, kind, metadata: { name, namespace: 'projectcontour' } };
    const [leftover] = (await removeDev(fakeCluster([ours, object]))).left;
    expect(leftover?.why).toContain(`${kind} projectcontour/${name}`);
  });

  test('groups that say nothing of their version are passed over', async () => {
    const fake = fakeCluster([ours]);
    const groups = [null, 'odd', {}, { preferredVersion: null }, { preferredVersion: { groupVersion: 7 } }];
    const text = async (path: string) => (path === '/apis' ? JSON.stringify({ groups }) : fake.kube.text(path));
    const { removed } = await removeDev({ ...fake, kube: { ...fake.kube, text } });
    expect(removed).toEqual(['Namespace projectcontour']);
  });

  test('a bug is not taken for a group that is away', async () => {
    const fake = fakeCluster([ours]);
    const text = () => Promise.reject(new TypeError('no such field'));
    await expect(removeDev({ ...fake, kube: { ...fake.kube, text } })).rejects.toThrow('no such field');
  });

  test.each([
    ['what Kubernetes puts there', { ...configMap, metadata: { ...configMap.metadata, name: 'kube-root-ca.crt' } }],
    [
      'the account of Kubernetes',
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'projectcontour' } },
    ],
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
