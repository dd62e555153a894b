import { expect, test } from 'vitest';
import { withLabels } from '../../src/gateway/spec.ts';

test('the labels of an instance are added to those that an object has; the object itself is not changed', () => {
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', labels: { app: 'x' } } };
  expect(withLabels(object, { instance: 'dev' }).metadata).toEqual({
    name: 'p',
    labels: { app: 'x', 'app.kubernetes.io/managed-by': 'taskgate', 'taskgate.dev/instance': 'dev' },
  });
  expect(object.metadata.labels).toEqual({ app: 'x' });
});
