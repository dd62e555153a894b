import { expect, test } from 'vitest';
import type { KubeEvent } from '../../../src/lib/kube/shapes.ts';
import { findPodTrouble } from '../../../src/proof/diagnosis/pod-trouble.ts';
import { readyPod } from '../../support/proof/path.ts';
import { terminated, unschedulable, waiting } from '../../support/proof/pods.ts';

const event = (type: string, reason: string, message: string, lastTimestamp: string): KubeEvent => ({
  ...{ apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' } },
  ...{ type, reason, message, lastTimestamp },
});
const pulling = event('Normal', 'Pulling', 'Pulling image "agnhost"', '2026-01-01T00:00:02Z');
const sandbox = event('Warning', 'FailedCreatePodSandBox', 'no CNI', '2026-01-01T00:00:01Z');
const quota = event('Warning', 'FailedCreate', 'pods "x" is forbidden: exceeded quota', '2026-01-01T00:00:00Z');

test('a ready pod has no trouble', () => {
  expect(findPodTrouble([waiting('ContainerCreating'), readyPod('p')], [])).toBeUndefined();
});

test.each([
  [[], [], 'sample task is not ready: the Job has created no pod', 'more time'],
  [[], [quota], 'the Job has created no pod (FailedCreate: pods "x" is forbidden: exceeded quota)', 'quota'],
  [[unschedulable], [], 'pod p is not ready: Unschedulable: 0/1 nodes are available: 1 Too many pods', 'taints'],
  [
    [waiting('ImagePullBackOff', 'no such host')],
    [],
    'container c waits: ImagePullBackOff: no such host',
    'load the sample image',
  ],
  [
    [waiting('ContainerCreating')],
    [pulling],
    'ContainerCreating (Pulling: Pulling image "agnhost")',
    'load the sample image',
  ],
  [[waiting('ContainerCreating')], [pulling, sandbox], '(FailedCreatePodSandBox: no CNI)', 'CNI plugin'],
  [[waiting('CrashLoopBackOff')], [], 'container c waits: CrashLoopBackOff', 'log of the sample pod'],
  [[terminated], [], 'container c terminated with 2 (Error)', 'architecture'],
] as const)('trouble %#', (pods, events, cause, hint) => {
  const finding = findPodTrouble(pods, events);
  expect(finding?.cause).toContain(cause);
  expect(finding?.hint).toContain(hint);
});
