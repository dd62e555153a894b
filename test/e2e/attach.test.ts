import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changesBetween, type Snapshot, takeSettledSnapshot, takeSnapshot } from '../../scripts/testbed/objects.ts';
import type { OriginalState } from '../../src/gateway/foreign/snapshot.ts';
import { type CRD, listenerLimits } from '../../src/gateway/install/listener-limit.ts';
import { parseManifest } from '../../src/gateway/install/manifest.ts';
import { removeGatewayObjects } from '../../src/gateway/uninstall/uninstall.ts';
import { identityOf } from '../../src/instance/identity.ts';
import { messageOf } from '../../src/lib/errors.ts';
import type { Kube } from '../../src/lib/kube/client.ts';
import type { Gateway } from '../../src/lib/kube/shapes.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';
import { polling, waitUntil } from '../../src/lib/wait.ts';
import { gatewayRef } from '../../src/model/gateway-api.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';

/** Instance `own` makes a native cluster; to instance `guest` it is a cluster of somebody else's. */
let taskgate: Taskgate;
let kube: Kube;
let userKubeconfig: string;

const context = 'taskgate-own';
const attach = (...more: readonly string[]): readonly string[] => [
  '--name',
  'guest',
  '--provider',
  'attach',
  '--context',
  context,
  '--kubeconfig',
  join(taskgate.dirOf('own'), 'kubeconfig'),
  ...more,
];
const allowed = (...more: readonly string[]): readonly string[] => attach('--allow-context', context, ...more);

beforeAll(async () => {
  taskgate = await makeTaskgate();
  expect(ending(await taskgate.run('up', '--name', 'own', '--provider', 'native'))).toBe('exit 0');
  kube = await taskgate.kube('own');
  userKubeconfig = await readFile(join(taskgate.dirOf('own'), 'kubeconfig'), 'utf8');
});
afterAll(() => taskgate.close('guest', 'own'));

type Failed = { readonly error: { readonly id: string; readonly message: string } };

const failure = async (...args: readonly string[]) => {
  const { exitCode, stderr } = await taskgate.run(...args, '--json');
  const last = stderr.slice(stderr.lastIndexOf('{"error"'));
  const { error } = JSON.parse(last) as Failed;
  return { exitCode, id: error.id, message: error.message };
};

/**
 * What comes and goes with pods, and workloads that tell how they do. The provisioner writes those of a Gateway anew each
 * time the Gateway changes, as it does with a sample task.
 */
const passing =
  /^\w+ (pods|replicasets|endpoints|endpointslices|apiservices|configmaps|jobs) |^changed (deployments|daemonsets) /;

const changesSince = async (objects: Snapshot): Promise<readonly string[]> =>
  changesBetween(objects, await takeSnapshot(kube))
    .filter((change) => !passing.test(change))
    .toSorted();

describe('the gateway of another instance', () => {
  test('is not touched without --allow-context', async () => {
    const objects = await takeSnapshot(kube);
    expect(await failure('up', ...attach())).toMatchObject({ exitCode: 2, id: 'usage.context-not-allowed' });
    expect(await changesSince(objects)).toEqual([]);
  });

  test('is refused without --adopt, with all that is in the way named', async () => {
    const objects = await takeSnapshot(kube);
    const { exitCode, id, message } = await failure('up', ...allowed());
    expect({ exitCode, id }).toEqual({ exitCode: 6, id: 'gateway.foreign-contour' });
    expect(message).toContain("Deployment projectcontour/contour-gateway-provisioner (of taskgate instance 'own')");
    expect(message).toContain("Gateway projectcontour/contour (of taskgate instance 'own')");
    expect(await changesSince(objects)).toEqual([]);
  });

  test('is used as it is with --adopt, and is the same after down', async () => {
    const objects = await takeSnapshot(kube);
    const up = await taskgate.run('up', ...allowed('--adopt', '--json'));
    expect(ending(up)).toBe('exit 0');
    expect(JSON.parse(up.stdout)).toMatchObject({ proof: { ok: true }, cluster: { provider: 'attach' } });
    expect(ending(await taskgate.run('down', '--name', 'guest'))).toBe('exit 0');
    // the sample task's listeners came and went
    expect(await changesSince(objects)).toEqual([
      'changed gateways projectcontour/contour',
      'changed services projectcontour/envoy-contour',
    ]);
    expect(ending(await taskgate.run('smoke', '--name', 'own'))).toBe('exit 0');
  });
});

/** What a proof of `guest` puts on the Gateway, and its Job. */
const ofProofs = async () => {
  const { spec, metadata } = await kube.get<Gateway>(gatewayRef({ name: 'contour', namespace: 'projectcontour' }));
  const jobs = await kube.list({ apiVersion: 'batch/v1', kind: 'Job', labelSelector: 'taskgate.dev/instance=guest' });
  return { listeners: spec.listeners, annotations: metadata.annotations, jobs: jobs.length };
};

test('a proof that is killed on the gateway of another instance leaves nothing there after down', async () => {
  const before = await ofProofs();
  const up = taskgate.start('up', ...allowed('--adopt'));
  await expect
    .poll(async () => (await ofProofs()).listeners.length, { timeout: 240_000, interval: 50 })
    .toBeGreaterThan(before.listeners.length);
  up.kill('SIGKILL');
  expect((await up).signal).toBe('SIGKILL');
  expect((await ofProofs()).listeners.length).toBeGreaterThan(before.listeners.length);
  expect(ending(await taskgate.run('down', '--name', 'guest'))).toBe('exit 0');
  await expect.poll(ofProofs, { timeout: 30_000 }).toEqual(before);
});

const gatewaysCRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gateways.gateway.networking.k8s.io' },
};

/** Takes the gateway of `own` out of its cluster, as `down` does in one of somebody else's. */
const emptyCluster = async () => {
  const kubeSystem = await kube.get({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } });
  const original: OriginalState = { cluster: kubeSystem.metadata.uid ?? '', crds: [], existed: [] };
  return removeGatewayObjects(kube, identityOf(await taskgate.record('own')), { original, timeoutMs: 120_000 });
};

/** The Gateway API as upstream has it, put there by somebody else. */
const installGatewayAPI = async (): Promise<void> => {
  const { stdout } = await taskgate.run('prefetch', '--json');
  const { contourManifest } = JSON.parse(stdout) as { readonly contourManifest: { readonly path: string } };
  const { crds } = parseManifest(await readFile(contourManifest.path, 'utf8'));
  const gatewayAPI = crds.filter(({ spec }) => spec.group.startsWith('gateway.networking.'));
  await Promise.all(gatewayAPI.map((crd) => kube.apply(crd)));
};

const foreign: readonly (KubeObject & { readonly spec: unknown })[] = [
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: 'theirs' },
    spec: { controllerName: 'example.com/other' },
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'det-theirs', namespace: 'default' },
    spec: { gatewayClassName: 'theirs', listeners: [{ name: 'det-1', port: 30_001, protocol: 'TCP' }] },
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1alpha2',
    kind: 'TCPRoute',
    metadata: { name: 'det-theirs', namespace: 'default' },
    spec: { parentRefs: [{ name: 'det-theirs' }], rules: [{ backendRefs: [{ name: 'theirs', port: 80 }] }] },
  },
];

/** A kind is served a moment after its CRD is there. */
const applyOnceServed = async (object: KubeObject): Promise<void> => {
  const apply = async () => kube.apply(object).then(() => true as const, messageOf);
  await waitUntil(object.kind, polling(apply, 100), (verdict) => verdict, {
    timeoutMs: 30_000,
    id: 'gateway.not-served',
  });
};

const limitsNow = async () =>
  listenerLimits(await kube.get<CRD>(gatewaysCRD)).map(({ spec, status }) => [spec, status]);

describe("a cluster with somebody else's Gateway API and Gateways", () => {
  let objects: Snapshot;
  let crd: CRD;

  beforeAll(async () => {
    expect((await emptyCluster()).left).toEqual([]);
    await installGatewayAPI();
    for (const object of foreign) await applyOnceServed(object);
    objects = await takeSettledSnapshot(kube, passing);
    crd = await kube.get<CRD>(gatewaysCRD);
  });

  test('an emptied cluster has nothing of ours left', () => {
    const left = [...objects.keys()].filter((key) => /contour|taskgate-own-/.test(key) && !/^configmaps /.test(key));
    expect(left).toEqual([]);
  });

  test('up proves the path, and a second up changes not one object', async () => {
    const up = await taskgate.run('up', ...allowed('--json'));
    expect(ending(up)).toBe('exit 0');
    const { proof, gateway, cluster } = JSON.parse(up.stdout);
    const own = (await taskgate.record('own')).cluster;
    expect(cluster).toMatchObject({
      provider: 'attach',
      nodeName: own?.nodeName,
      nodeAddress: own?.nodeAddress,
      hostAddress: own?.hostAddress,
    });
    expect(proof.ok).toBe(true);
    expect(gateway).toMatchObject({ address: own?.nodeAddress, capacity: { limit: 200 } });
    expect(await limitsNow()).toEqual([
      [256, 256],
      [256, 256],
    ]);
    const made = await takeSnapshot(kube);
    expect(ending(await taskgate.run('up', ...allowed()))).toBe('exit 0');
    expect(await changesSince(made)).toEqual([]);
  });

  test('status finds nothing wrong', async () => {
    const { stdout } = await taskgate.run('status', '--json');
    const all = JSON.parse(stdout) as readonly { readonly name: string; readonly problems: readonly unknown[] }[];
    expect(all.find(({ name }) => name === 'guest')?.problems).toEqual([]);
  });

  test('down takes out what is ours, puts the CRD back, and touches nothing else', async () => {
    expect(ending(await taskgate.run('down', '--name', 'guest'))).toBe('exit 0');
    expect(await changesSince(objects)).toEqual([
      'changed customresourcedefinitions gateways.gateway.networking.k8s.io',
    ]);
    const now = await kube.get<CRD>(gatewaysCRD);
    expect(now.spec).toEqual(crd.spec);
    expect(now.metadata).toEqual({
      ...crd.metadata,
      resourceVersion: expect.any(String),
      generation: expect.any(Number),
    });
    expect(await readFile(join(taskgate.dirOf('own'), 'kubeconfig'), 'utf8')).toBe(userKubeconfig);
    expect(await taskgate.run('down', '--name', 'guest')).toMatchObject({ exitCode: 3 });
    expect(ending(await taskgate.run('down', '--name', 'guest', '--if-exists'))).toBe('exit 0');
  });

  test('the cluster still runs: its own instance comes back', async () => {
    for (const object of foreign) await kube.remove(object);
    expect(ending(await taskgate.run('up', '--name', 'own'))).toBe('exit 0');
  });
});
