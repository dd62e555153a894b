import { expect, test } from 'vitest';
import { removePodSecurity } from '../../../src/gateway/uninstall/pod-security.ts';
import { fakeKube } from '../../fakes/kube.ts';

const label = 'pod-security.kubernetes.io/enforce';
const namespace = (name: string, owner?: string) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name,
    labels: { [label]: 'baseline' },
    ...(owner && { annotations: { 'taskgate.dev/pod-security': owner } }),
  },
});

test('only the level that this instance set is taken back', async () => {
  const fake = fakeKube({ objects: [namespace('tasks', 'dev'), namespace('others', 'other'), namespace('mine')] });
  const restored: string[] = [];
  const original = { cluster: 'c', existed: [], crds: [] };
  await removePodSecurity({
    ...{ kube: fake.kube, owner: { instance: 'dev' }, original, timeoutMs: 1_000 },
    ...{ removed: [], restored, left: [] },
  });
  expect(restored).toEqual(['Namespace tasks']);
  expect(fake.writes()).toEqual(['patch Namespace tasks']);
  const { metadata } = await fake.kube.get(namespace('tasks'));
  expect(metadata.labels).toEqual({});
  expect(metadata.annotations).toEqual({});
});
