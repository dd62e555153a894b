import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lookForMaster, stopOwnMaster } from '../../../src/commands/down/masters.ts';
import { createInstance } from '../../../src/instance/instance.ts';
import { determinedPaths } from '../../../src/instance/paths.ts';
import { findProcess } from '../../../src/lib/process/processes.ts';
import { commandContext } from '../../support/context.ts';
import { finishedInstance } from '../../support/finished-instance.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';
import { runInOrder } from '../../support/up-context.ts';

const serve = async (answer: (path: string) => unknown): Promise<number> => {
  const server = createServer(({ url = '' }, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer(url)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
};

const resourceOf = (name: string, kind: string) => ({ name, kind, namespaced: true, verbs: ['list'] });
const resources: Readonly<Record<string, object>> = {
  '/apis/batch/v1': resourceOf('jobs', 'Job'),
  '/api/v1': resourceOf('pods', 'Pod'),
};

/** The answers of an API server whose namespace `default` has these Jobs. */
const serveJobs = (jobs: () => readonly string[]) =>
  serve((url) => {
    const [path = ''] = url.split('?');
    const resource = resources[path];
    if (resource) return { kind: 'APIResourceList', resources: [resource] };
    const items = jobs().map((name) => ({ metadata: { name, namespace: 'default', labels: { determined: name } } }));
    return { kind: 'List', metadata: {}, items: path.endsWith('/jobs') ? items : [] };
  });

const kubeconfigOf = (port: number, kubeContext: string): string => `apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: { server: 'http://127.0.0.1:${port}' } }]
users: [{ name: c, user: {} }]
contexts: [{ name: ${kubeContext}, context: { cluster: c, user: c } }]
`;

/** Instance `runs`, whose master serves `second`, too; the supervisors of its master and of both nodes are this test. */
const makeJoint = async (jobs: () => readonly string[]) => {
  const stateDir = await temporaryDir();
  const port = await serve(() => ({ cluster_id: 'c', version: '0.38.1' }));
  const self = await findProcess(process.pid);
  if (!self) throw new Error('this process is not there');
  const clusters = { runs: await serveJobs(() => []), second: await serveJobs(jobs) };
  for (const name of ['runs', 'second'] as const) {
    const instance = await finishedInstance(stateDir, name);
    const { settings, cluster } = instance.record();
    if (!settings?.master || !cluster) throw new Error('it is not finished');
    await instance.change({ settings: { ...settings, master: { ...settings.master, port } } });
    await instance.journal({ kind: 'keeper', process: self });
    await writeFile(cluster.kubeconfigPath, kubeconfigOf(clusters[name], cluster.kubeContext));
    if (name === 'runs') await instance.journal({ kind: 'master', process: self });
    if (name === 'runs') await instance.change({ given: { 'master.also': ['second', 'never-made'] } });
  }
  return {
    ...commandContext({ name: 'runs', folders: { stateDir, cacheDir: '/c' } }),
    purgeCache: false,
    force: false,
  };
};

test('what another instance loses is named: the master that serves it, too, goes', async () => {
  const context = await makeJoint(() => ['one', 'two']);
  const { notes } = await runInOrder(context, [lookForMaster]);
  expect(notes).toEqual([
    'the master of runs goes, and serves second, too; 2 tasks of it there: one, two (to let tasks end first: taskgate down --name runs --wait-for-tasks 20m)',
  ]);
});

test('its tasks are waited for, too', async () => {
  const tasks = ['one'];
  const context = await makeJoint(() => tasks);
  const late = runInOrder({ ...context, waitForTasksSeconds: 1 }, [lookForMaster]);
  await expect(late).rejects.toMatchObject({
    id: 'cluster.tasks-running',
    message: expect.stringContaining('1 task run: one'),
  });
  tasks.pop();
  const { notes } = await runInOrder({ ...context, waitForTasksSeconds: 20 }, [lookForMaster]);
  expect(notes).toEqual(['the master of runs goes, and serves second, too, where it has no task']);
});

test('a database that does not end keeps nothing else from going with --force, and is named', async () => {
  const stateDir = await temporaryDir();
  const instance = await createInstance(stateDir, { name: 'dev', provider: 'native', cidr: '10.210.0.0/16' });
  await instance.journal({ kind: 'master', process: { pid: 1, startTicks: 0, bootId: 'an earlier boot' } });
  const { databaseDir } = determinedPaths(instance.dir);
  await mkdir(databaseDir, { recursive: true });
  const child = spawn('sleep', ['600'], { cwd: databaseDir, stdio: 'ignore' });
  await once(child, 'spawn');
  onTestFinished(() => void child.kill('SIGKILL'));
  const context = { ...commandContext({ folders: { stateDir, cacheDir: join(stateDir, 'c') } }), purgeCache: false };
  const { notes } = await runInOrder({ ...context, force: true }, [stopOwnMaster]);
  expect(notes).toEqual([expect.stringMatching(/^left: the master and its database \(.*process \d+ still runs/)]);
}, 30_000);
