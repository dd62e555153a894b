import { expect, test } from 'vitest';
import { isUnrecoverable, waitForSamplePod } from '../../../src/proof/sample-task/pod.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { readyPod, task } from '../../support/proof/path.ts';
import { terminated, unschedulable, waiting } from '../../support/proof/pods.ts';

test.each([
  [waiting('ImagePullBackOff'), true],
  [waiting('CrashLoopBackOff'), true],
  [terminated, true],
  [waiting('ErrImagePull'), false],
  [waiting('ContainerCreating'), false],
  [unschedulable, false],
  [readyPod('p'), false],
])('unrecoverable %#', (pod, unrecoverable) => {
  expect(isUnrecoverable(pod)).toBe(unrecoverable);
});

const podOf = (pod: object) => fakeKube({ objects: [{ ...readyPod('p'), ...pod }], kinds: ['v1/Pod'] });

test('a ready pod of the task is found by its allocation', async () => {
  expect(await waitForSamplePod(podOf({}).kube, task, { timeoutMs: 1_000 })).toEqual({ ready: true, name: 'p' });
});

test('one that cannot become ready ends the wait with the reason', async () => {
  const { status } = waiting('ImagePullBackOff', 'no such host');
  expect(await waitForSamplePod(podOf({ status }).kube, task, { timeoutMs: 60_000 })).toEqual({
    ready: false,
    seen: expect.stringContaining('ImagePullBackOff: no such host'),
  });
});

test('at the deadline the last state is the reason', async () => {
  const { kube } = fakeKube({ kinds: ['v1/Pod'] });
  expect(await waitForSamplePod(kube, task, { timeoutMs: 50 })).toEqual({
    ready: false,
    seen: expect.stringContaining('the Job has created no pod'),
  });
});
