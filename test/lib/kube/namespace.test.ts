import { expect, test } from 'vitest';
import { ensureNamespace } from '../../../src/lib/kube/namespace.ts';
import { fakeKube } from '../../fakes/kube.ts';

const namespace = (labels?: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'tasks', ...(labels && { labels }) },
});

test('a namespace that is made has the labels', async () => {
  const { kube } = fakeKube({ kinds: ['v1/Namespace'] });
  await ensureNamespace(kube, 'tasks', { of: 'dev' });
  const made = await kube.get(namespace());
  expect(made.metadata.labels).toEqual({ of: 'dev' });
});

test('an existing namespace is left unchanged', async () => {
  const { kube } = fakeKube({ objects: [namespace({ of: 'others' })] });
  await ensureNamespace(kube, 'tasks', { of: 'dev' });
  expect((await kube.get(namespace())).metadata.labels).toEqual({ of: 'others' });
});
