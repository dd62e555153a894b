import { expect, test } from 'vitest';
import { KubeError } from '../../../src/lib/kube/client.ts';
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

const podOf = (pod: object) => fakeKube({ objects: [{ ...readyPod('p'), ...pod }], kinds: ['v1/Pod', 'v1/Event'] });

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
  const { kube } = fakeKube({ kinds: ['v1/Pod', 'v1/Event'] });
  expect(await waitForSamplePod(kube, task, { timeoutMs: 50 })).toEqual({
    ready: false,
    seen: expect.stringContaining('the Job has created no pod'),
  });
});

const failedCreate = (message: string) => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'e', namespace: task.namespace },
  involvedObject: { kind: 'Job', name: task.jobName },
  ...{ type: 'Warning', reason: 'FailedCreate', message },
});

test.each([
  'Error creating: pods "x" is forbidden: failed quota: q: must specify limits.memory',
  'Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest": seccompProfile',
  'Error creating: admission webhook "a.b" denied the request: no',
])('a pod that is not admitted ends the wait at once: %s', async (message) => {
  const { kube } = fakeKube({ objects: [failedCreate(message)], kinds: ['v1/Pod'] });
  expect(await waitForSamplePod(kube, task, { timeoutMs: 60_000 })).toEqual({
    ready: false,
    seen: `sample task is not ready: the Job has created no pod (FailedCreate: ${message})`,
  });
});

test('a service account that is still to come does not', async () => {
  const message = 'Error creating: pods "x" is forbidden: error looking up service account d/default: not found';
  const { kube } = fakeKube({ objects: [failedCreate(message)], kinds: ['v1/Pod'] });
  const { ready, seen } = (await waitForSamplePod(kube, task, { timeoutMs: 200 })) as { ready: false; seen: string };
  expect({ ready, seen }).toEqual({ ready: false, seen: expect.stringContaining('not ready after 0s') });
});

test('who may not read events waits for the pod all the same', async () => {
  const fake = podOf({});
  const denied: typeof fake.kube = {
    ...fake.kube,
    watch: (selection, signal) => {
      if (selection.kind === 'Event') throw new KubeError(403, 'Forbidden', 'events is forbidden');
      return fake.kube.watch(selection, signal);
    },
  };
  expect(await waitForSamplePod(denied, task, { timeoutMs: 1_000 })).toEqual({ ready: true, name: 'p' });
});

test('a bug in the look at events ends the wait, and is never an unhandled rejection', async () => {
  const fake = fakeKube({ kinds: ['v1/Pod', 'v1/Event'] });
  const broken: typeof fake.kube = {
    ...fake.kube,
    watch: (selection, signal) => {
      if (selection.kind === 'Event') throw new TypeError('a bug');
      return fake.kube.watch(selection, signal);
    },
  };
  const unhandled: unknown[] = [];
  const keep = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', keep);
  await expect(waitForSamplePod(broken, task, { timeoutMs: 60_000 })).rejects.toThrow('a bug');
  process.off('unhandledRejection', keep);
  expect(unhandled).toEqual([]);
});
