import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { inspectProfile } from '../../src/cluster/minikube/inspect.ts';
import { pins } from '../../src/config/versions.ts';
import { connect } from '../../src/lib/kube/client.ts';
import { execaRunner } from '../../src/lib/process/runner.ts';
import { docker, listProfiles, minikube, settingsOf } from '../support/e2e/real-minikube.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';

const profile = 'by-hand';

let taskgate: Taskgate;
let kubeconfig: string;

const kubeconfigPath = () => join(taskgate.stateHome, 'kubeconfig');

/** A cluster that the user has made, without taskgate. */
const startByHand = async (): Promise<void> => {
  const baseImage = process.env['TASKGATE_MINIKUBE_BASE_IMAGE'];
  await minikube(
    'start',
    `--profile=${profile}`,
    '--driver=docker',
    '--container-runtime=containerd',
    `--kubernetes-version=${pins.kubernetes.version}`,
    '--memory=4096',
    '--embed-certs',
    '--interactive=false',
    ...(process.getuid?.() === 0 ? ['--force'] : []),
    ...(baseImage ? [`--base-image=${baseImage}`] : []),
    ...(process.env['TASKGATE_MINIKUBE_START_ARGS'] ?? '').split(' ').filter(Boolean),
  );
  kubeconfig = await readFile(kubeconfigPath(), 'utf8');
  // an attached cluster pulls its images by itself, which a rig without a network cannot
  const { images } = JSON.parse((await taskgate.run('prefetch', '--json')).stdout);
  await minikube('image', 'load', `--profile=${profile}`, images.archive);
};

const kube = () => connect(kubeconfig, profile);
const ours = async () =>
  (await kube().list({ apiVersion: 'v1', kind: 'Namespace' })).map(({ metadata }) => metadata.name);

beforeAll(async () => {
  taskgate = await makeTaskgate();
  vi.stubEnv('KUBECONFIG', kubeconfigPath());
  await startByHand();
});
afterEach(async () => {
  for (const name of ['att', 'dev']) await taskgate.run('down', '--name', name);
});
afterAll(async () => {
  await minikube('delete', `--profile=${profile}`);
  await taskgate.close();
  vi.unstubAllEnvs();
});

test('attached by its context: up proves the path, down leaves the cluster as it was', async () => {
  const before = await ours();
  const ended = await taskgate.run(
    ...['up', '--name', 'att', '--provider', 'attach', '--context', profile, '--allow-context', profile],
  );
  expect(ending(ended)).toBe('exit 0');
  expect(ending(await taskgate.run('smoke', '--name', 'att'))).toBe('exit 0');
  expect(ending(await taskgate.run('down', '--name', 'att'))).toBe('exit 0');
  expect(await ours()).toEqual(before);
});

test('adopted by its name, started as it was made; down leaves it', async () => {
  const byName = ['--provider', 'minikube', '--minikube-profile', profile] as const;
  const look = () => Promise.all([docker('inspect', '--format', '{{.Id}}', profile), settingsOf(profile), ours()]);
  const before = await look();
  expect(ending(await taskgate.run('up', ...byName))).toBe('exit 0');
  expect((await taskgate.record('dev')).journal).toEqual([
    { kind: 'minikube-profile', profile, driver: 'docker', owned: false },
  ]);
  await minikube('stop', `--profile=${profile}`);
  expect(ending(await taskgate.run('up', ...byName))).toBe('exit 0');
  // the port of its API server is another one now; the user's own kubeconfig does not know, ours does
  kubeconfig = await readFile(join(taskgate.dirOf('dev'), 'kubeconfig'), 'utf8');
  expect(ending(await taskgate.run('down'))).toBe('exit 0');
  expect(await look()).toEqual(before);
});

test('one that does not fit is not touched without --recreate', async () => {
  const args = ['--provider', 'minikube', '--minikube-profile', profile, '--minikube-memory-mb', '6000'] as const;
  const ended = await taskgate.run('up', ...args);
  expect(ended.exitCode).toBe(5);
  expect(ended.stderr).toContain('memory in MB: wanted 6000, has 4096');
  expect(await listProfiles()).toContain(profile);
  const minikubeHere = { program: 'minikube', runner: execaRunner, instanceDir: taskgate.stateHome };
  expect((await inspectProfile(minikubeHere, { profile, driver: 'docker' })).state).toBe('running');
});
