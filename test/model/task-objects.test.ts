import { expect, test } from 'vitest';
import { allocationLabels, allocationOf, allocationSelector, taskPods } from '../../src/model/task-objects.ts';

const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } };

test('objects of a task are found by their allocation', () => {
  const metadata = { name: 'p', labels: allocationLabels('a.1') };
  expect(allocationOf({ ...pod, metadata })).toBe('a.1');
  expect(allocationSelector('a.1')).toBe('determined=a.1');
  expect(taskPods({ namespace: 'team', allocationId: 'a.1' })).toEqual({
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: 'team',
    labelSelector: 'determined=a.1',
  });
});

test('an object without that label belongs to no allocation', () => {
  expect(allocationOf(pod)).toBe('');
});
