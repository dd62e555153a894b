import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import {
  describeRest,
  describeTasks,
  findLivingMaster,
  listTasks,
  noteOf,
  waitForTasks,
} from '../../../src/commands/down/living-master.ts';
import type { InstanceRecord } from '../../../src/instance/record.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { commandContext, instanceRecord } from '../../support/context.ts';
import { finishedInstance } from '../../support/finished-instance.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const clusterId = '1a2b3c4d-0000-4000-8000-000000000000';
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A stand-in of a master: its `/info` on a port of its own. */
const serveInfo = async (): Promise<number> => {
  const answer = JSON.stringify({ cluster_id: clusterId, version: '0.38.1' });
  const server = createServer((_, response) => response.end(answer));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
};

/** An instance that has no cluster any more. */
const makeInstance = async (port: number) => {
  const stateDir = await temporaryDir();
  const instance = await finishedInstance(stateDir, 'dev');
  const { settings } = instance.record();
  if (settings?.master) await instance.change({ settings: { ...settings, master: { ...settings.master, port } } });
  return { instance, context: commandContext({ folders: { stateDir, cacheDir: '/cache' } }) };
};

const job = (name: string, more: object = {}, labels: object = { determined: 'a.1' }) => ({
  ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: 'default', labels: { ...labels } } },
  ...more,
});
const ended = (type: string) => ({ status: { conditions: [{ type, status: 'True' }] } });

test('tasks have a Job that has not ended, or a pod that lives; a sample task of a proof is none', async () => {
  const pod = (name: string, allocation: string, phase: string) => ({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels: { determined: allocation } } },
    status: { phase },
  });
  const { kube } = fakeKube({
    objects: [
      pod('ending-x', 'ending', 'Running'),
      pod('alone-x', 'alone', 'Pending'),
      pod('over-x', 'over', 'Succeeded'),
      pod('sample-x', 'taskgate-1.1', 'Running'),
      job('ending', ended('Complete'), { determined: 'ending' }),
      job('runs'),
      job('suspended', { status: { conditions: [{ type: 'Suspended', status: 'True' }] } }, { determined: 'a.2' }),
      job('complete', ended('Complete'), { determined: 'a.3' }),
      job('failed', ended('Failed'), { determined: 'a.4' }),
      job('sample', {}, { determined: 'b.1', 'app.kubernetes.io/managed-by': 'taskgate' }),
      job('other', {}, {}),
    ],
  });
  expect(await listTasks(kube, 'default')).toEqual(['runs', 'suspended', 'ending', 'alone-x']);
});

test('without a master that answers there is none', async () => {
  const { instance, context } = await makeInstance(1);
  expect(await findLivingMaster(context, instance)).toBeUndefined();
});

test('one that answers is known by its version and id; a cluster that is gone says nothing of tasks', async () => {
  const port = await serveInfo();
  const { instance, context } = await makeInstance(port);
  expect(await findLivingMaster(context, instance)).toEqual({
    ...{ address: `127.0.0.1:${port}`, version: '0.38.1', clusterId, tasks: undefined },
  });
});

test('nothing is waited for where there is no cluster', async () => {
  const { instance, context } = await makeInstance(1);
  const wait = { seconds: 1, signal: new AbortController().signal, report: () => undefined };
  expect(await waitForTasks(context, [instance], wait)).toBeUndefined();
});

const master = { address: '127.0.0.1:8080', version: '0.38.1', clusterId };

test.each([
  [undefined, /^a master answers .*; the cluster does not say which tasks it has there$/],
  [[], /\(0\.38\.1, cluster id 1a2b3c4d-.*\) and has no task in this cluster$/],
  [
    ['a'],
    /1 task of it in this cluster ends now: a \(to let tasks end first: taskgate down --name dev --wait-for-tasks/,
  ],
  [['a', 'b', 'c', 'd', 'e'], /5 tasks .*: a, b, c, d, e \(/],
  [['a', 'b', 'c', 'd', 'e', 'f'], /6 tasks .*: a, b, c, d, e and 1 more \(/],
])('tasks %j are told', (tasks, text) => {
  expect(describeTasks({ ...master, tasks }, 'dev')).toMatch(text);
});

test.each([
  [undefined, 'tasks unknown'],
  [[], '0 tasks'],
  [['det-a'], '1 task'],
  [['det-a', 'det-b'], '2 tasks'],
])('the step notes the master with its tasks: %j', (tasks, shown) => {
  expect(noteOf({ address: '127.0.0.1:8080', tasks })).toBe(`127.0.0.1:8080, ${shown}`);
});

test('one task ends, two end', () => {
  expect(describeTasks({ ...master, tasks: ['det-a'] }, 'dev')).toContain('1 task of it in this cluster ends now');
  expect(describeTasks({ ...master, tasks: ['det-a', 'b'] }, 'dev')).toContain('2 tasks of it in this cluster end now');
});

const gateway = {
  ...{ name: 'contour', namespace: 'projectcontour', address: '10.210.255.2' },
  ...{ portRange: { start: 20000, end: 20199 }, capacity: { limit: 200, because: 'range' } },
};
const rest = (more: Partial<InstanceRecord>, isBlocked = false): string =>
  describeRest(master, { record: () => instanceRecord({ name: 'dev', cidr: '10.210.0.0/16', ...more }) }, isBlocked);

test('what goes on, and what it means for the tokens of callers', () => {
  expect(rest({})).toMatch(/goes on: end it, or take the resource manager of dev out of its master\.yaml$/);
  expect(rest({ gateway }, true)).toMatch(
    /would leave by the default route; so this host refuses all to 10\.210\.0\.0\/16 until .* taskgate down --name dev --forget-routes$/,
  );
  expect(rest({ gateway, provider: 'minikube' })).toMatch(
    /leaves this host by its default route: as root, .* ip route add unreachable 10\.210\.255\.2 /,
  );
  const elsewhere = /callers' tokens included, reaches whatever answers there by now$/;
  expect(rest({ gateway, provider: 'attach' })).toMatch(elsewhere);
  expect(rest({ gateway: { ...gateway, address: '127.0.0.1' } })).toMatch(elsewhere);
});
