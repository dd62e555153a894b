import { expect, test } from 'vitest';
import {
  allocationLabels,
  allocationOf,
  allocationSelector,
  endOfJob,
  hasFinished,
  type Job,
  taskPods,
} from '../../src/model/task-objects.ts';

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

const at = '2026-11-24T10:00:00Z';
const jobWith = (...conditions: NonNullable<NonNullable<Job['status']>['conditions']>): Job => ({
  ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j' } },
  status: { conditions },
});

test.each([
  ['complete', jobWith({ type: 'Complete', status: 'True', lastTransitionTime: at }), true],
  ['failed', jobWith({ type: 'Failed', status: 'True', lastTransitionTime: at }), true],
  ['about to fail', jobWith({ type: 'FailureTarget', status: 'True', lastTransitionTime: at }), false],
  ['suspended', jobWith({ type: 'Suspended', status: 'True' }), false],
  ['failed no more', jobWith({ type: 'Failed', status: 'False' }), false],
  ['just made', { ...jobWith(), status: {} }, false],
])('a Job that is %s: finished %s', (_, job, isFinished) => {
  expect(hasFinished(job)).toBe(isFinished);
  expect(endOfJob(job)).toBe(isFinished ? Date.parse(at) : undefined);
});

test('a Job that does not say when it finished has finished long ago', () => {
  expect(endOfJob(jobWith({ type: 'Complete', status: 'True' }))).toBe(0);
});
