import { expect, test } from 'vitest';
import { instanceLabel, isManaged, labelsOf, selectorOf } from '../../src/model/labels.ts';

const labelled = (labels?: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', ...(labels && { labels }) },
});

test('objects of an instance, and of a component of it, are found by a selector of their labels', () => {
  expect(labelsOf('dev')[instanceLabel]).toBe('dev');
  expect(selectorOf(labelsOf('dev', 'sample-task'))).toBe(
    'app.kubernetes.io/managed-by=taskgate,app.kubernetes.io/component=sample-task,taskgate.dev/instance=dev',
  );
});

test.each([
  [labelsOf('dev'), true],
  [{ 'app.kubernetes.io/managed-by': 'Helm' }, false],
  [undefined, false],
])('managed %#', (labels, managed) => {
  expect(isManaged(labelled(labels))).toBe(managed);
});
