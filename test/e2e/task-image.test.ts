import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pins } from '../../src/config/versions.ts';
import type { Kube } from '../../src/lib/kube/client.ts';
import type { Pod } from '../../src/lib/kube/shapes.ts';
import { polling, waitUntil } from '../../src/lib/wait.ts';
import { taskImageRef } from '../../src/model/images/task-image.ts';
import { startMasterStandIn } from '../fakes/determined/master.ts';
import { makePythonTasks } from '../support/e2e/python-task.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';

const name = 'task-image';
const image = taskImageRef(pins.taskImage, { withJupyterlab: true });
let taskgate: Taskgate;
let kube: Kube;

// one image for all: the one with JupyterLab has everything of the other
beforeAll(async () => {
  taskgate = await makeTaskgate();
  const flags = ['--small-task-image', '--with-jupyterlab'];
  expect(ending(await taskgate.run('up', '--name', name, ...flags))).toBe('exit 0');
  kube = await taskgate.kube(name);
}, 1_800_000);
afterAll(() => taskgate.close(name));

test('it is the image of tasks in the written configuration', async () => {
  expect(await taskgate.file(name, 'master.yaml')).toContain(`image: ${image}`);
});

test('images build task takes it from the cache, and copies it', async () => {
  const output = join(taskgate.stateHome, 'task-image.tar');
  const build = ['images', 'build', 'task', '--with-jupyterlab', '--json', '--output'];
  const built = await taskgate.run(...build, output);
  expect(ending(built)).toBe('exit 0');
  const { size } = await stat(output);
  expect(JSON.parse(built.stdout)).toEqual({ ref: image, archive: output, bytes: size });
  const refused = await taskgate.run(...build, join(taskgate.stateHome, 'none', 'task-image.tar'));
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  expect(refused.stderr).toContain('usage.output');
});

const needs = [
  'set -e',
  'test "$(id -u) $HOME" = "0 /root"',
  'python3 -c "import determined; assert determined.__version__ == \'0.38.1\'"',
  'python3 -m pip check',
  'tar --version',
  '/bin/which python3',
  'python3 -c "import numpy, matplotlib.pyplot, zmq, google.cloud.storage, boto3"',
  'jupyter lab --version',
  'ssh-keygen -q -t ed25519 -N "" -f /tmp/key',
  '/usr/sbin/sshd -t -o HostKey=/tmp/key -o UsePAM=no',
  'cp /tmp/key.pub /tmp/keys && chmod 600 /tmp/keys',
  '/usr/sbin/sshd -p 2222 -o HostKey=/tmp/key -o UsePAM=no -o StrictModes=no -o AuthorizedKeysFile=/tmp/keys',
  'ssh -p 2222 -i /tmp/key -o StrictHostKeyChecking=no 127.0.0.1 "test \\$SHELL = /bin/bash"',
].join('\n');

test("a pod of it has what Determined's tasks, shells and notebooks call", async () => {
  const metadata = { name: 'needs', namespace: 'default' };
  const container = { name: 'main', image, imagePullPolicy: 'IfNotPresent', command: ['bash', '-c', needs] };
  await kube.create({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata },
    spec: { restartPolicy: 'Never', containers: [container] },
  });
  const look = polling(() => kube.get<Pod>({ apiVersion: 'v1', kind: 'Pod', metadata }), 500);
  const judge = ({ status }: Pod) => ['Succeeded', 'Failed'].includes(status?.phase ?? '') || `${status?.phase}`;
  const ended = await waitUntil('the pod', look, judge, { timeoutMs: 120_000, id: 'proof.failed' });
  const logs = await kube.text('/api/v1/namespaces/default/pods/needs/log');
  expect(ended.status?.phase, logs).toBe('Succeeded');
}, 180_000);

test('smoke --master is green with tasks that run as recorded: the stand-in master launches them', async () => {
  const { gateway, cluster } = await taskgate.record(name);
  if (!gateway || !cluster) throw new Error('up recorded no Gateway');
  await using _ = await startMasterStandIn({
    ...{ kube: makePythonTasks(kube), namespace: 'default', image, username: 'admin', password: 'secret', gateway },
    master: { scheme: 'http', host: cluster.hostAddress, port: taskgate.masterPort },
    listen: { host: '0.0.0.0', port: taskgate.masterPort },
  });
  const passwordFile = join(taskgate.stateHome, 'password');
  await writeFile(passwordFile, 'secret', { mode: 0o600 });
  const url = `http://127.0.0.1:${taskgate.masterPort}`;
  const args = ['--name', name, '--master', url, '--master-password-file', passwordFile];
  expect(ending(await taskgate.run('smoke', ...args))).toBe('exit 0');
}, 180_000);
