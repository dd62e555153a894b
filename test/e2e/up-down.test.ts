import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changesBetween, takeSnapshot } from '../../scripts/testbed/objects.ts';
import { instanceHash } from '../../src/cluster/native/link.ts';
import type { Kube } from '../../src/lib/kube/client.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';
import { polling, waitUntil } from '../../src/lib/wait.ts';
import { takeHostSnapshot } from '../support/e2e/host-snapshot.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';

type Gateway = KubeObject & {
  readonly spec: { readonly listeners: readonly { readonly name: string; readonly port: number }[] };
};

const gatewayRef = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'contour', namespace: 'projectcontour' },
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

let taskgate: Taskgate;
let before: Awaited<ReturnType<typeof takeHostSnapshot>>;

type Prefetched = {
  readonly binaries: { readonly kubectl: string; readonly 'iptables-save': string };
  readonly env: Readonly<Record<string, string>>;
  readonly contourManifest: { readonly path: string };
};

const prefetched = async (): Promise<Prefetched> =>
  JSON.parse((await taskgate.run('prefetch', '--json')).stdout) as Prefetched;

const iptablesSave = async (): Promise<readonly [string, ...string[]]> => {
  const { binaries, env } = await prefetched();
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return ['env', ...variables, binaries['iptables-save']];
};

/** Makes the next `up` do all its work, as after a change that it cannot judge. */
const forgetProof = async (name: string): Promise<void> => {
  const { proven: _, ...record } = await taskgate.record(name);
  await writeFile(join(taskgate.dirOf(name), 'instance.json'), JSON.stringify(record));
};

const snapshot = async () =>
  takeHostSnapshot({
    folders: [taskgate.stateHome, taskgate.cacheDir],
    marks: ['dev', 'other'].map((name) => instanceHash(taskgate.dirOf(name))),
    iptablesSave: await iptablesSave(),
  });

beforeAll(async () => {
  taskgate = await makeTaskgate();
  before = await snapshot();
});
afterAll(() => taskgate.close('dev', 'other'));

describe('from nothing to a proven path, and back to nothing', () => {
  test('up proves every hop both ways', async () => {
    const ended = await taskgate.run('up', '--json');
    expect(ending(ended)).toBe('exit 0');
    const { proof, gateway, cluster } = JSON.parse(ended.stdout);
    expect(proof.ok).toBe(true);
    expect(new Set(proof.hops.map(({ direction }: { direction: string }) => direction))).toEqual(
      new Set(['forward', 'reverse', 'closed']),
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
    const objects = await takeSnapshot(kube);
    const ended = await taskgate.run('up', '--json');
    expect(ending(ended)).toBe('exit 0');
    expect(changesBetween(objects, await takeSnapshot(kube))).toEqual([]);
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

  test('ten listeners of others stay as they are through smoke, an up that writes everything, and config', async () => {
    const kube = await taskgate.kube('dev');
    const ports = Array.from({ length: 10 }, (_, index) => 20_000 + index);
    await addForeignListeners(kube, ports);
    const gateway = await kube.get<Gateway>(gatewayRef);
    const smoke = await taskgate.run('smoke', '--json');
    expect(ending(smoke)).toBe('exit 0');
    expect(smoke.stdout).toContain('20010');
    await forgetProof('dev');
    const up = await taskgate.run('up');
    expect(ending(up)).toBe('exit 0');
    expect(up.stdout).toContain('20010');
    expect(ending(await taskgate.run('config', 'show'))).toBe('exit 0');
    const { metadata, spec } = await kube.get<Gateway>(gatewayRef);
    expect(spec).toEqual(gateway.spec);
    expect(metadata.annotations).toEqual(gateway.metadata.annotations);
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
    const { binaries, contourManifest } = await prefetched();
    const kubeconfig = join(taskgate.dirOf('dev'), 'kubeconfig');
    await execa(binaries.kubectl, ['--kubeconfig', kubeconfig, 'apply', '--filename', contourManifest.path]);
    const status = await taskgate.run('status');
    expect(status.exitCode).toBe(6);
    expect(status.stdout).toContain('listener limit of gateways.gateway.networking.k8s.io should be 2');
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
    // the kernel takes namespaces apart a moment after their last process
    await expect.poll(snapshot, { timeout: 10_000, interval: 500 }).toEqual(before);
    await expect(stat(taskgate.dirOf('dev'))).rejects.toThrow('ENOENT');
    expect(ending(await taskgate.run('down'))).toBe('exit 0');
  });
});
