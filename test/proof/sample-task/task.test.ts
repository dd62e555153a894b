import { expect, test } from 'vitest';
import { isAllocationOf, nameSampleTask, sampleSelector } from '../../../src/proof/sample-task/task.ts';

test('names are the master’s, fit a label and a Service name, and tell the instance', () => {
  const { taskId, allocationId, jobName } = nameSampleTask({ instance: 'dev' }, 'default');
  const uuid = jobName.slice('det-taskgate-cmd-'.length);
  expect(uuid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(allocationId).toBe(`taskgate-${uuid}.1`);
  expect(allocationId).toBe(`${taskId}.1`);
  expect(allocationId.length).toBeLessThanOrEqual(63);
  expect(`${jobName}-0`.length).toBeLessThanOrEqual(63);
  expect(isAllocationOf({ instance: 'dev' }, allocationId)).toBe(true);
  expect(isAllocationOf({ instance: 'other' }, allocationId)).toBe(false);
});

test('every task has names and a host name of its own, which is a DNS label', () => {
  const [one, two] = [nameSampleTask({ instance: 'dev' }, 'default'), nameSampleTask({ instance: 'dev' }, 'default')];
  expect(one.jobName).not.toBe(two.jobName);
  expect(one.secret).not.toBe(two.secret);
  expect(one.secret).toMatch(/^[a-z][-a-z0-9]{1,62}$/);
});

test('an allocation that only begins or ends alike is not ours', () => {
  const { allocationId } = nameSampleTask({ instance: 'dev' }, 'default');
  const [, mark = ''] = /^taskgate-([0-9a-f]{8})-/.exec(allocationId) ?? [];
  const alike = [
    `taskgate-${mark}0-1`,
    `taskgate-${mark}`,
    `taskgate-${mark.slice(0, -1)}-1`,
    `x${allocationId}`,
    `${mark}-1`,
  ];
  expect(alike.filter((one) => isAllocationOf({ instance: 'dev' }, one))).toEqual([]);
});

test.each([
  ['00000000-0000-4000-8000-000000000000.1', 'the master’s own allocations'],
  ['foreign', 'anything else'],
])('%s is not ours: %s', (allocationId) => {
  expect(isAllocationOf({ instance: 'dev' }, allocationId)).toBe(false);
});

test('leftovers are found by instance and component, not by managed-by alone', () => {
  expect(sampleSelector({ instance: 'dev' })).toBe(
    'app.kubernetes.io/managed-by=taskgate,app.kubernetes.io/component=sample-task,taskgate.dev/instance=dev',
  );
});
