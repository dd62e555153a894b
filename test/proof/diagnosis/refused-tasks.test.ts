import { expect, test } from 'vitest';
import { findRefusedTasks } from '../../../src/proof/diagnosis/refused-tasks.ts';
import { fakeKube, refusal } from '../../fakes/kube.ts';

const job = (name: string, status: object = {}) => ({
  ...{ apiVersion: 'batch/v1', kind: 'Job', status },
  metadata: { name, namespace: 'tasks' },
});
const violation = 'violates PodSecurity "baseline:latest": hostPath volumes (volume "det-host-volume-0")';
const event = (name: string, message: string) => ({
  ...{ apiVersion: 'v1', kind: 'Event', reason: 'FailedCreate', message, type: 'Warning' },
  metadata: { name: `event-${name}`, namespace: 'tasks' },
  involvedObject: { kind: 'Job', name },
});
const kinds = ['v1/Event', 'batch/v1/Job'];

test('a Job without pods, whose events have a violation of Pod Security', async () => {
  const objects = [
    ...[job('refused'), event('refused', `Error creating: pods "x" is forbidden: ${violation}`)],
    ...[job('runs', { active: 1 }), event('runs', violation)],
    ...[job('quota'), event('quota', 'pods "x" is forbidden: exceeded quota')],
    event('gone', violation),
  ];
  const { kube } = fakeKube({ objects, kinds });
  const tasks = await findRefusedTasks(kube, 'tasks');
  expect(tasks).toEqual([
    { job: 'refused', finding: expect.objectContaining({ cause: expect.stringContaining(violation) }) },
  ]);
});

test('what may not be read is not judged', async () => {
  const { kube } = fakeKube({ kinds });
  const list = () => Promise.reject(refusal(403, 'Forbidden', 'cannot list'));
  expect(await findRefusedTasks({ ...kube, list }, 'tasks')).toEqual([]);
});
