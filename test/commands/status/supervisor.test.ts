import { expect, test } from 'vitest';
import { lookAtSupervisor } from '../../../src/commands/status/supervisor.ts';
import { verifyRunning } from '../../../src/commands/status/verify-running.ts';
import type { ChildStatus } from '../../../src/supervisor/spec.ts';
import { failureOf } from '../../support/failure-of.ts';
import { serveSupervisor } from '../../support/process/supervisor-socket.ts';
import { begunUp } from '../../support/up-context.ts';

const etcd: ChildStatus = { name: 'etcd', state: 'ready', restarts: 0 };
const down = (lastExit: string): ChildStatus => ({ name: 'kube-scheduler', state: 'backoff', restarts: 6, lastExit });

const withChildren = async (...children: readonly ChildStatus[]) => {
  const { up, instance } = await begunUp();
  await serveSupervisor(instance, children);
  return { up, instance };
};

test.each<[string, ChildStatus, string, string]>([
  [
    'ends again and again',
    down('exited with 1'),
    'kube-scheduler does not stay up: it exited with 1, restarted 6 times',
    'see: taskgate logs kube-scheduler --name dev',
  ],
  [
    'has lost its program',
    down('exited with -2'),
    'kube-scheduler cannot be started: its program is gone, the cache was removed under it',
    `end the node, which keeps its data: kill -9 ${process.pid}; then: taskgate up --name dev`,
  ],
  [
    'is on its way',
    { name: 'kube-scheduler', state: 'starting', restarts: 0 },
    'kube-scheduler is starting',
    'see: taskgate logs kube-scheduler --name dev',
  ],
])('a process that %s is told with the way out', async (_, child, message, hint) => {
  const { up, instance } = await withChildren(etcd, child);
  const { problems } = await lookAtSupervisor(up, instance.record());
  expect(problems).toEqual([{ id: 'cluster.child-not-ready', message, hint }]);
});

test('a command that works on a cluster first asks whether it runs', async () => {
  const { up, instance } = await begunUp();
  const again = { id: 'cluster.stopped', hint: 'run: taskgate up --name dev' };
  expect(await failureOf(verifyRunning(up, instance))).toMatchObject({
    ...again,
    message: 'instance dev has no cluster any more',
  });
  await instance.journal({ kind: 'link', name: 'tg0' });
  expect(await failureOf(verifyRunning(up, instance))).toMatchObject({ ...again, message: 'instance dev is stopped' });
});

test('and names the process that is down, which nothing else would', async () => {
  const healthy = await withChildren(etcd);
  await verifyRunning(healthy.up, healthy.instance);
  const { up, instance } = await withChildren(etcd, down('exited with 1'));
  expect(await failureOf(verifyRunning(up, instance))).toMatchObject({
    id: 'cluster.child-not-ready',
    message: 'instance dev: kube-scheduler does not stay up: it exited with 1, restarted 6 times',
  });
});
