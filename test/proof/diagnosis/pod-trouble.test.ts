import { expect, test } from 'vitest';
import type { KubeEvent, Pod } from '../../../src/lib/kube/shapes.ts';
import { findPodTrouble } from '../../../src/proof/diagnosis/pod-trouble.ts';
import { condition, readyPod } from '../../support/proof/path.ts';
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
    'taskgate images load',
  ],
  [
    [waiting('ContainerCreating')],
    [pulling],
    'ContainerCreating (Pulling: Pulling image "agnhost")',
    'taskgate images load',
  ],
  [[waiting('ContainerCreating')], [pulling, sandbox], '(FailedCreatePodSandBox: no CNI)', 'CNI plugin'],
  [[waiting('CrashLoopBackOff')], [], 'container c waits: CrashLoopBackOff', 'log of the sample pod'],
  [[terminated], [], 'container c terminated with 2 (Error)', 'architecture'],
] as const)('trouble %#', (pods, events, cause, hint) => {
  const finding = findPodTrouble(pods, events);
  expect(finding?.cause).toContain(cause);
  expect(finding?.hint).toContain(hint);
});

const refused =
  'failed to do request: Head "https://registry-1.docker.io/v2/me/task/manifests/1": dial tcp: lookup registry-1.docker.io on 10.211.255.2:53: server misbehaving';

const lacking = (
  reason: string,
  message?: string,
  kind: 'containerStatuses' | 'initContainerStatuses' = 'containerStatuses',
): Pod => ({
  ...readyPod('p'),
  status: { [kind]: [{ name: 'c', image: 'me/task:1', state: { waiting: { reason, ...(message && { message }) } } }] },
});

test.each([
  [lacking('ErrImagePull', refused)],
  [lacking('ImagePullBackOff', 'Back-off pulling image "me/task:1"')],
  [lacking('ErrImageNeverPull')],
  [lacking('ErrImagePull', refused, 'initContainerStatuses')],
])('an image that the node neither has nor gets: which one, and the command that loads it (%#)', (pod) => {
  const finding = findPodTrouble([pod], []);
  expect(finding?.cause).toMatch(
    /^pod p is not ready: the node has no image me\/task:1 and cannot get it: container c waits: Err|^pod p is not ready: the node has no image me\/task:1 and cannot get it: container c waits: ImagePull/,
  );
  expect(finding?.hint).toBe(
    'load it into the nodes: taskgate images load me/task:1 (or an archive of it); or give the node access to its registry',
  );
});

test('an image that is being pulled is not yet one that cannot be had', () => {
  expect(findPodTrouble([lacking('ContainerCreating')], [pulling])?.cause).not.toContain('the node has no image');
});

const { status: _, ...bare } = readyPod('p');
const withStatus = (status: object) => ({ ...bare, status }) as Pod;

test.each([
  ['no status', bare as Pod, 'phase unknown'],
  ['no phase', withStatus({}), 'phase unknown'],
  ['a phase', withStatus({ phase: 'Pending' }), 'phase Pending'],
  ['no state of its container', withStatus({ phase: 'Pending', containerStatuses: [{ name: 'c' }] }), 'phase Pending'],
  [
    'a place on a node',
    withStatus({ phase: 'Pending', conditions: [condition('PodScheduled', 'True'), condition('Ready', 'False')] }),
    'phase Pending',
  ],
  [
    'no place on a node, after another condition',
    withStatus({
      conditions: [condition('Ready', 'False'), condition('PodScheduled', 'False', 'Unschedulable', 'no room')],
    }),
    'Unschedulable: no room',
  ],
  [
    'a container that waits behind one that runs',
    withStatus({
      containerStatuses: [
        { name: 'a', state: { running: {} } },
        { name: 'b', state: { waiting: { reason: 'ContainerCreating' } } },
        { name: 'c', state: { waiting: { reason: 'CrashLoopBackOff' } } },
      ],
    }),
    'container b waits: ContainerCreating',
  ],
])('a pod with %s', (_, pod, text) => {
  expect(findPodTrouble([pod], [])?.cause).toBe(`pod p is not ready: ${text}`);
});

test('an event that says what the state says is not told twice', () => {
  const pod = waiting('ErrImagePull', 'no such host');
  const same = event('Warning', 'ErrImagePull', 'no such host', '2026-01-01T00:00:02Z');
  expect(findPodTrouble([pod], [same])?.cause).toBe(
    'pod p is not ready: container c waits: ErrImagePull: no such host',
  );
});
