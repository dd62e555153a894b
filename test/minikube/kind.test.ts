import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { rigPins } from '../../scripts/rig/pins.ts';
import { changesBetween, type Snapshot, takeSnapshot } from '../../scripts/testbed/objects.ts';
import { connect, type Kube } from '../../src/lib/kube/client.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';
import { polling, waitUntil } from '../../src/lib/wait.ts';
import { docker } from '../support/e2e/real-minikube.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';

const cluster = 'taskgate-e2e';
const context = `kind-${cluster}`;
/** Of the rig: there kind's own images cannot be had. */
const { TEST_KIND_NODE_DIR: nodeDir, TEST_KIND_NODE_IMAGE: nodeImage } = process.env;

const isInstalled = (await execa('kind', ['version'], { reject: false })).exitCode === 0;

let taskgate: Taskgate;
let kubeconfig: string;
let kube: Kube;

const kind = (...args: readonly string[]) => execa('kind', args, { env: { KUBECONFIG: kubeconfig }, stdin: 'ignore' });

/** One small layer on Minikube's node image. */
const buildNodeImage = async (dir: string, image: string): Promise<void> => {
  await execa('docker', ['build', '--build-arg', `BASE=${rigPins.node.image}`, '--tag', image, dir], {
    env: { DOCKER_BUILDKIT: '0' },
  });
};

/** A cluster that the user has made, as kind's quick start says. */
const createCluster = async (): Promise<void> => {
  const config = join(taskgate.stateHome, 'kind.yaml');
  // the rig's node image has a network of its own
  const networking = nodeDir ? 'networking: {disableDefaultCNI: true}\n' : '';
  await writeFile(config, `kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n${networking}`);
  if (nodeDir && nodeImage) await buildNodeImage(nodeDir, nodeImage);
  const image = nodeImage ? [`--image=${nodeImage}`] : [];
  await kind('create', 'cluster', `--name=${cluster}`, `--config=${config}`, '--wait=180s', ...image);
};

/** Nodes pull images by themselves, which a rig without a network cannot. */
const loadImages = async (): Promise<void> => {
  const { images } = JSON.parse((await taskgate.run('prefetch', '--json')).stdout);
  await kind('load', 'image-archive', `--name=${cluster}`, images.archive);
};

type Deployment = KubeObject & {
  readonly spec: { replicas: number };
  readonly status?: { availableReplicas?: number };
};

const unavailable = (all: readonly Deployment[]): readonly string[] =>
  all
    .filter(({ spec, status }) => (status?.availableReplicas ?? 0) < spec.replicas)
    .map(({ metadata }) => metadata.name);

/** Until what a new cluster runs has come up: nothing of it changes any more. */
const untilAtRest = async (): Promise<void> => {
  const look = () => kube.list<Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment' });
  const judge = (all: readonly Deployment[]) =>
    (all.length > 0 && unavailable(all).length === 0) || `not available: ${unavailable(all).join(', ')}`;
  await waitUntil('The cluster', polling(look, 500), judge, { timeoutMs: 240_000, id: 'cluster.test' });
};

const up = (...args: readonly string[]) =>
  taskgate.run(
    'up',
    '--name',
    'att',
    '--provider',
    'attach',
    '--context',
    context,
    '--allow-context',
    context,
    ...args,
  );

beforeAll(async () => {
  if (!isInstalled) return;
  taskgate = await makeTaskgate();
  kubeconfig = join(taskgate.stateHome, 'kubeconfig');
  vi.stubEnv('KUBECONFIG', kubeconfig);
  await createCluster();
  kube = connect(await readFile(kubeconfig, 'utf8'), context);
  await loadImages();
  await untilAtRest();
});
afterAll(async () => {
  if (!isInstalled) return;
  await taskgate.run('down', '--name', 'att');
  await kind('delete', 'cluster', `--name=${cluster}`);
  await taskgate.close();
  vi.unstubAllEnvs();
});

describe.skipIf(!isInstalled)('a kind cluster that the user has made', () => {
  let before: Snapshot;

  test('up proves the path to the node’s own address', async () => {
    before = await takeSnapshot(kube);
    const ended = await up('--json');
    expect(ending(ended)).toBe('exit 0');
    const { proof, gateway, cluster: made } = JSON.parse(ended.stdout);
    expect(proof.ok).toBe(true);
    expect(made).toMatchObject({ provider: 'attach', nodeName: `${cluster}-control-plane` });
    expect(gateway.address).toBe(made.nodeAddress);
    expect(
      (await docker('inspect', '--format', '{{.NetworkSettings.Networks.kind.IPAddress}}', made.nodeName)).trim(),
    ).toBe(gateway.address);
  });

  test('a second up has nothing to do, smoke proves it again', async () => {
    const ended = await up();
    expect(ending(ended)).toBe('exit 0');
    expect(ended.stderr).toContain('nothing changed since the proof');
    expect(ending(await taskgate.run('smoke', '--name', 'att'))).toBe('exit 0');
  });

  test('down leaves every object as it was', async () => {
    expect(ending(await taskgate.run('down', '--name', 'att'))).toBe('exit 0');
    const kept = (await takeSnapshot(kube)).size;
    expect(kept).toBeGreaterThan(100);
    const look = async () => changesBetween(before, await takeSnapshot(kube));
    // the cluster removes what belonged to removed objects a moment later
    const judge = (changes: readonly string[]) => changes.length === 0 || changes.join(', ');
    await waitUntil('The cluster as it was', polling(look, 1_000), judge, { timeoutMs: 60_000, id: 'cluster.test' });
  });
});
