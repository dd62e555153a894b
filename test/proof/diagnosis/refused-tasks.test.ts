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
    ...[job('done', { succeeded: 1 }), event('done', violation)],
    ...[job('warned'), { ...event('warned', violation), reason: 'Warned' }],
    ...[job('quiet'), { ...event('quiet', ''), message: undefined }],
    { ...event('nobody', violation), involvedObject: undefined },
  ] as never;
  const { kube } = fakeKube({ objects, kinds });
  const tasks = await findRefusedTasks(kube, 'tasks');
  expect(tasks).toEqual([
    { job: 'refused', finding: expect.objectContaining({ cause: expect.stringContaining(violation) }) },
  ]);
});

test('the first violation of a Job is told, whatever else its events say; one without a status has no pods', async () => {
  const { status: _, ...bare } = job('refused');
  const second = {
    ...event('refused', violation.replace('baseline', 'restricted')),
    metadata: { name: 'z', namespace: 'tasks' },
  };
  const first = { ...event('refused', 'exceeded quota'), metadata: { name: 'a', namespace: 'tasks' } };
  const { kube } = fakeKube({ objects: [bare, first, event('refused', violation), second] as never, kinds });
  expect((await findRefusedTasks(kube, 'tasks')).map(({ finding }) => finding.cause)).toEqual([
    expect.stringContaining('"baseline:latest"'),
  ]);
});

test('a bug is not taken for what may not be read', async () => {
  const { kube } = fakeKube({ kinds });
  const list = () => Promise.reject(new TypeError('no such field'));
  await expect(findRefusedTasks({ ...kube, list }, 'tasks')).rejects.toThrow('no such field');
});

test('what may not be read is not judged', async () => {
  const { kube } = fakeKube({ kinds });
  const list = () => Promise.reject(refusal(403, 'Forbidden', 'cannot list'));
  expect(await findRefusedTasks({ ...kube, list }, 'tasks')).toEqual([]);
});
