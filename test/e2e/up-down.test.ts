import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostMark } from '../../src/cluster/native/link.ts';
import type { Kube, KubeObject } from '../../src/lib/kube.ts';
import { polling, waitUntil } from '../../src/lib/wait.ts';
import { takeHostSnapshot } from './host-snapshot.ts';
import { ending, makeTaskgate, type Taskgate } from './taskgate.ts';

type Gateway = KubeObject & {
  readonly spec: { readonly listeners: readonly { readonly name: string; readonly port: number }[] };
};

const gatewayRef = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'contour', namespace: 'projectcontour' },
};

/** Everything that `up` could write, with the version that each object has. */
const versionsOf = async (kube: Kube): Promise<readonly string[]> => {
  const kinds = [
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
    ['gateway.networking.k8s.io/v1', 'GatewayClass'],
    ['gateway.networking.k8s.io/v1', 'Gateway'],
    ['projectcontour.io/v1alpha1', 'ContourDeployment'],
    ['apps/v1', 'Deployment'],
    ['apps/v1', 'DaemonSet'],
    ['v1', 'Service'],
    ['v1', 'Namespace'],
    ['v1', 'ServiceAccount'],
    ['v1', 'ConfigMap'],
    ['batch/v1', 'Job'],
    ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
    ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding'],
    ['admissionregistration.k8s.io/v1beta1', 'MutatingAdmissionPolicy'],
  ] as const;
  const lists = await Promise.all(kinds.map(([apiVersion, kind]) => kube.list({ apiVersion, kind })));
  return lists
    .flat()
    .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name} ${metadata.resourceVersion}`)
    .toSorted();
};

const foreignListener = (port: number) => ({
  name: `det-${port}`,
  port,
  protocol: 'TCP',
  allowedRoutes: { namespaces: { from: 'All' } },
});

/** As a real master would: get, add, update. */
const addForeignListeners = async (kube: Kube, ports: readonly number[]): Promise<void> => {
  const gateway = await kube.get<Gateway>(gatewayRef);
  const annotations = Object.fromEntries(ports.map((port) => [`determined.ai/det-gateway-port-${port}`, 'foreign.1']));
  await kube.update({
    ...gateway,
    metadata: { ...gateway.metadata, annotations: { ...gateway.metadata.annotations, ...annotations } },
    spec: { ...gateway.spec, listeners: [...gateway.spec.listeners, ...ports.map(foreignListener)] },
  });
};

const listenersOf = async (kube: Kube) => (await kube.get<Gateway>(gatewayRef)).spec.listeners;

let taskgate: Taskgate;
let before: Awaited<ReturnType<typeof takeHostSnapshot>>;

const iptablesSave = async (): Promise<readonly [string, ...string[]]> => {
  const { binaries, env } = JSON.parse((await taskgate.run('prefetch', '--json')).stdout) as {
    binaries: Record<string, string>;
    env: Record<string, string>;
  };
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return ['env', ...variables, `${binaries['iptables']}-save`];
};

const snapshot = async () =>
  takeHostSnapshot({
    folders: [taskgate.stateHome, taskgate.cacheDir],
    marks: ['dev', 'other'].map((name) => hostMark(taskgate.dirOf(name))),
    iptablesSave: await iptablesSave(),
  });

beforeAll(async () => {
  taskgate = await makeTaskgate();
  before = await snapshot();
});
afterAll(() => taskgate.close('dev'));

describe('from nothing to a proven path, and back to nothing', () => {
  test('up proves every hop both ways', async () => {
    const ended = await taskgate.run('up', '--json');
    expect(ending(ended)).toBe('exit 0');
    const { proof, gateway, cluster } = JSON.parse(ended.stdout);
    expect(proof.ok).toBe(true);
    expect(new Set(proof.hops.map(({ direction }: { direction: string }) => direction))).toEqual(
      new Set(['forward', 'reverse']),
    );
    expect(gateway).toMatchObject({ address: cluster.nodeAddress, capacity: { limit: 200 } });
  });

  test('its files are for their owner only and pass the rules of the master', async () => {
    for (const name of ['kubeconfig', 'master.yaml', 'devcluster.yaml', 'admin-password']) {
      expect((await stat(join(taskgate.dirOf('dev'), name))).mode & 0o777, name).toBe(0o600);
    }
    for (const name of ['master.yaml', 'devcluster.yaml']) {
      const ended = await taskgate.run('config', 'validate', join(taskgate.dirOf('dev'), name));
      expect(ending(ended)).toBe('exit 0');
    }
    expect(await readFile(join(taskgate.dirOf('dev'), 'report.html'), 'utf8')).toContain('Start the cluster');
  });

  test('a second up changes not one object', async () => {
    const kube = await taskgate.kube('dev');
    const versions = await versionsOf(kube);
    const ended = await taskgate.run('up', '--json');
    expect(ending(ended)).toBe('exit 0');
    expect(await versionsOf(kube)).toEqual(versions);
  });

  test('status finds nothing wrong, env gives what a shell needs, logs are there', async () => {
    expect(ending(await taskgate.run('status'))).toBe('exit 0');
    const { stdout } = await taskgate.run('env', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      KUBECONFIG: join(taskgate.dirOf('dev'), 'kubeconfig'),
      GATEWAY_NAME: 'contour',
    });
    expect((await taskgate.run('logs')).stdout.split('\n')).toContain('kube-apiserver');
    expect((await taskgate.run('logs', 'etcd')).stdout).toContain('etcd');
  });

  test('ten listeners of others stay as they are through smoke, up and config', async () => {
    const kube = await taskgate.kube('dev');
    await addForeignListeners(
      kube,
      Array.from({ length: 10 }, (_, index) => 20000 + index),
    );
    const listeners = await listenersOf(kube);
    const smoke = await taskgate.run('smoke', '--json');
    expect(ending(smoke)).toBe('exit 0');
    expect(smoke.stdout).toContain('20010');
    expect(ending(await taskgate.run('up'))).toBe('exit 0');
    expect(ending(await taskgate.run('config', 'show'))).toBe('exit 0');
    expect(await listenersOf(kube)).toEqual(listeners);
  });

  test('something else on the port of the master: smoke names it as the broken hop', async () => {
    const foreign = createServer((socket) => socket.end('SSH-2.0-none\r\n'));
    await new Promise<void>((resolve) => foreign.listen(taskgate.masterPort, resolve));
    const smoke = await taskgate.run('smoke');
    foreign.close();
    expect(smoke.exitCode).toBe(8);
    expect(smoke.stderr).toMatch(/the path is broken at .*18080.*\[proof\.broken-path\]\nto fix: /);
    expect(smoke.stdout).toContain('✔ forward');
    expect(ending(await taskgate.run('smoke'))).toBe('exit 0');
  });

  test('a provisioner that is gone: status names it, up repairs it', async () => {
    const kube = await taskgate.kube('dev');
    const metadata = { name: 'contour-gateway-provisioner', namespace: 'projectcontour' };
    await kube.patch(
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata },
      { spec: { replicas: 0 } },
      { type: 'merge' },
    );
    const isSeen = (seen: { exitCode: number; stderr: string }) =>
      seen.stderr.includes('no-provisioner') || seen.stderr;
    await waitUntil(
      'status',
      polling(() => taskgate.run('status'), 200),
      isSeen,
      { timeoutMs: 20_000, id: 'gateway.test' },
    );
    expect(ending(await taskgate.run('up'))).toBe('exit 0');
    expect(ending(await taskgate.run('status'))).toBe('exit 0');
  });

  test('the CRD overwritten by a plain apply of the upstream file: status names it, up repairs it', async () => {
    const kube = await taskgate.kube('dev');
    const ref = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'gateways.gateway.networking.k8s.io' },
    };
    const limit = (kind: 'spec' | 'status') =>
      `/spec/versions/0/schema/openAPIV3Schema/properties/${kind}/properties/listeners/maxItems`;
    await kube.patch(
      ref,
      [
        { op: 'replace', path: limit('spec'), value: 64 },
        { op: 'replace', path: limit('status'), value: 64 },
      ],
      { type: 'json' },
    );
    const status = await taskgate.run('status');
    expect(status.exitCode).toBe(6);
    expect(status.stderr).toContain('listener limit');
    expect(ending(await taskgate.run('up'))).toBe('exit 0');
    expect(ending(await taskgate.run('status'))).toBe('exit 0');
  });

  test('a second instance runs beside it and goes without harming it', async () => {
    expect(ending(await taskgate.run('up', '--name', 'other'))).toBe('exit 0');
    expect(ending(await taskgate.run('smoke'))).toBe('exit 0');
    expect((await taskgate.run('status')).stdout).toMatch(/dev: running[\s\S]*other: running/);
    expect(ending(await taskgate.run('down', '--name', 'other'))).toBe('exit 0');
    expect(ending(await taskgate.run('smoke'))).toBe('exit 0');
  });

  test('down leaves nothing, and is repeatable', async () => {
    expect(ending(await taskgate.run('down'))).toBe('exit 0');
    expect(await snapshot()).toEqual(before);
    await expect(stat(taskgate.dirOf('dev'))).rejects.toThrow('ENOENT');
    expect(ending(await taskgate.run('down'))).toBe('exit 0');
  });
});
