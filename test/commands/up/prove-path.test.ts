import { expect, test } from 'vitest';
import { ensureNamespace } from '../../../src/commands/up/prove-path.ts';
import { fakeKube } from '../../fakes/kube.ts';

const namespace = (labels?: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'tasks', ...(labels && { labels }) },
});

test('a namespace that is made for tasks has the label by which down finds it', async () => {
  const { kube } = fakeKube({ kinds: ['v1/Namespace'] });
  await ensureNamespace(kube, 'tasks', 'dev');
  const made = await kube.get(namespace());
  expect(Object.values(made.metadata.labels ?? {})).toEqual(['dev']);
});

test('one that is there is left as it is', async () => {
  const { kube } = fakeKube({ objects: [namespace({ of: 'others' })] });
  await ensureNamespace(kube, 'tasks', 'dev');
  expect((await kube.get(namespace())).metadata.labels).toEqual({ of: 'others' });
});
