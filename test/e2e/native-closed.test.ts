import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeNetwork, type Network } from '../../scripts/testbed/network.ts';
import { sampleImage as agnhost } from '../../src/commands/context.ts';
import type { Kube } from '../../src/lib/kube/client.ts';
import type { Pod } from '../../src/lib/kube/shapes.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';
import { childrenOf } from '../../src/lib/process/processes.ts';
import { type Command, execaRunner } from '../../src/lib/process/runner.ts';
import { polling, waitUntil } from '../../src/lib/wait.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';

const limits = ['--native-memory-mb', '2048', '--native-pids-limit', '2048'] as const;

let taskgate: Taskgate;
let kube: Kube;
/** A machine on another link of this one. */
let neighbour: Network | undefined;

beforeAll(async () => {
  taskgate = await makeTaskgate();
  expect(ending(await taskgate.run('up', '--provider', 'native', ...limits))).toBe('exit 0');
  kube = await taskgate.kube('dev');
  neighbour = await makeNetwork();
});
afterAll(async () => {
  await neighbour?.remove();
  await taskgate.close('dev');
});

/** `connected`, or why not. */
const dial = (host: string, port: number, localAddress?: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, ...(localAddress && { localAddress }) });
    const end = (outcome: string) => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(1_000, () => end('silent'));
    socket.on('connect', () => end('connected')).on('error', ({ message }) => end(message));
  });

const pod = (name: string, spec: object, namespace = 'default') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, ...spec },
});

const phaseOf = async (name: string, namespace = 'default'): Promise<string | undefined> =>
  (await kube.get<Pod>(pod(name, {}, namespace))).status?.phase;

const cgroupOf = async (controller: string): Promise<string> => {
  const { journal } = await taskgate.record('dev');
  const paths = journal.flatMap((one) => (one.kind === 'cgroups' ? one.paths : []));
  return paths.find((path) => path.split('/')[4]?.split(',').includes(controller)) ?? paths[0] ?? '';
};

const numberIn = async (...path: readonly string[]): Promise<number> => Number(await readFile(join(...path), 'utf8'));

describe('the network of a native node', () => {
  test('up has proven that a pod reaches no other port of this host, and no files of the node', async () => {
    const { stdout } = await taskgate.run('smoke', '--json');
    const closed = (JSON.parse(stdout) as { hops: { direction: string; to: string; ok: boolean }[] }).hops.filter(
      ({ direction }) => direction === 'closed',
    );
    expect(closed.filter(({ ok }) => !ok)).toEqual([]);
    expect(closed.map(({ to }) => to)).toEqual(
      expect.arrayContaining([expect.stringContaining('other ports of this host'), "the node's files"]),
    );
  });

  test('only this end of the link reaches it, and kube-proxy leaves it so', async () => {
    const { cluster, cidr = '' } = await taskgate.record('dev');
    const address = cluster?.nodeAddress ?? '';
    const otherAddress = neighbour?.hostAddress;
    const route: Command = ['ip', 'route', 'add', cidr, 'via', otherAddress ?? ''];
    await execaRunner(neighbour?.inside(route) ?? route);
    for (const port of [6443, 10_250]) {
      expect(await dial(address, port), `port ${port}`).toBe('connected');
      expect(await dial(address, port, otherAddress), `port ${port}, from ${otherAddress}`).toBe('silent');
      // where this machine forwards packets they arrive at the node, with their own source
      const knock: Command = ['timeout', '1', 'bash', '-c', `exec 3<>/dev/tcp/${address}/${port}`];
      await expect(execaRunner(neighbour?.inside(knock) ?? knock)).rejects.toThrow(/exited with/);
    }
  });

  test('links of the node have no IPv6 addresses', async () => {
    const { journal } = await taskgate.record('dev');
    const keeper = journal.find((one) => one.kind === 'keeper');
    const [pid] = keeper?.kind === 'keeper' ? await childrenOf(keeper.process.pid) : [];
    const { stdout } = await execaRunner(['nsenter', '--target', String(pid), '--net', 'ip', '-6', '-json', 'address']);
    expect((JSON.parse(stdout) as { ifname?: string }[]).flatMap(({ ifname }) => ifname ?? [])).toEqual(['lo']);
  });

  test('another egress holds without a restart, and smoke proves what was promised', async () => {
    const host = await taskgate.run('up', ...limits, '--native-egress', 'host');
    expect(ending(host)).toBe('exit 0');
    expect(host.stdout).not.toContain('other ports of this host');
    const smoke = await taskgate.run('smoke');
    expect(ending(smoke)).toBe('exit 0');
    expect(smoke.stdout).not.toContain('other ports of this host');
    const kept = await taskgate.run('up');
    expect(ending(kept)).toBe('exit 0');
    expect(kept.stderr).toContain('native.egress host');
    const master = await taskgate.run('up', '--native-egress', 'master');
    expect(ending(master)).toBe('exit 0');
    expect(master.stdout).toContain('other ports of this host');
  });
});

describe('its limits', () => {
  test('status shows use and limit', async () => {
    const status = await taskgate.run('status');
    expect(status.stdout).toMatch(/node +memory \d\.\d GiB of 2\.0 GiB; processes and threads \d+ of 2048/);
    const [{ use }] = JSON.parse((await taskgate.run('status', '--json')).stdout) as [{ use: object }];
    expect(use).toMatchObject({ memory: { limitBytes: 2 ** 31 }, pids: { limit: 2048 } });
  });

  test('a pod that takes all memory is ended; the node and this machine go on', async () => {
    const args = ['stress', '--mem-total', '6Gi', '--mem-alloc-size', '64Mi', '--mem-alloc-sleep', '0s'];
    await kube.create(pod('hog', { containers: [{ name: 'c', image: agnhost, command: ['/agnhost'], args }] }));
    await expect.poll(() => phaseOf('hog'), { timeout: 120_000, interval: 500 }).toBe('Failed');
    // the kernel counts in batches of pages
    const most = await numberIn(await cgroupOf('memory'), 'memory.max_usage_in_bytes');
    expect(most).toBeLessThan(2 ** 31 + 2 ** 20);
    await kube.remove(pod('hog', {}), { gracePeriodSeconds: 0 });
    await expect.poll(async () => ending(await taskgate.run('status')), { timeout: 60_000 }).toBe('exit 0');
  });

  test('a fork bomb gets a quarter of the processes', async () => {
    const namespace = 'bomb';
    const labels = { 'pod-security.kubernetes.io/enforce': 'privileged' };
    await kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } });
    const folders = ['usr', 'bin', 'lib', 'lib64'];
    const script = 'trap "" TERM; while :; do (while :; do /bin/sleep 600 & done) 2>/dev/null; done';
    const container = {
      ...{ name: 'c', image: agnhost, command: ['/bin/sh', '-c', script] },
      volumeMounts: folders.map((name) => ({ name, mountPath: `/${name}`, readOnly: true })),
    };
    const volumes = folders.map((name) => ({ name, hostPath: { path: `/${name}` } }));
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', namespace, name: 'default' };
    const isThere = (found: readonly object[]) => found.length > 0 || 'not there yet';
    await waitUntil(
      'account',
      polling(() => kube.list(account), 100),
      isThere,
      { timeoutMs: 20_000, id: 'cluster.test' },
    );
    await kube.create(pod('bomb', { containers: [container], volumes }, namespace));
    const { metadata } = await kube.get(pod('bomb', {}, namespace));
    const kubepods = join(await cgroupOf('pids'), 'node', 'kubepods', 'besteffort', `pod${metadata.uid}`);
    const used = () => numberIn(kubepods, 'pids.current').catch(() => 0);
    await expect.poll(used, { timeout: 60_000, interval: 200 }).toBeGreaterThan(500);
    expect(await numberIn(kubepods, 'pids.max')).toBe(512);
    expect(ending(await taskgate.run('smoke'))).toBe('exit 0');
    expect(await used()).toBeLessThanOrEqual(512);
    await kube.remove(pod('bomb', {}, namespace), { gracePeriodSeconds: 0 });
    await expect.poll(used, { timeout: 30_000 }).toBe(0);
  });

  test('every pod has the seccomp filter of the runtime', async () => {
    const root = join(await cgroupOf('pids'), 'node');
    const files = await readdir(join(root, 'kubepods'), { recursive: true });
    const pids = (
      await Promise.all(
        files
          .filter((path) => path.endsWith('cgroup.procs'))
          .map((path) => readFile(join(root, 'kubepods', path), 'utf8').catch(() => '')),
      )
    ).flatMap((text) => text.split('\n').filter(Boolean));
    expect(pids.length).toBeGreaterThan(3);
    for (const pid of pids) expect(await readFile(`/proc/${pid}/status`, 'utf8')).toMatch(/^Seccomp:\t2$/m);
  });
});

describe('Pod Security', () => {
  const job = (name: string, volumes: readonly object[]) => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: 'default' },
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: 'Never',
          containers: [
            {
              ...{ name: 'determined-container', image: agnhost, command: ['/agnhost'], args: ['pause'] },
              volumeMounts: [{ name: 'det-host-volume-0', mountPath: '/determined_shared_fs' }],
            },
          ],
          volumes,
        },
      },
    },
  });

  test('a task with a folder of the node has no pod, and status explains it', async () => {
    const refused = job('det-1-exp-1', [{ name: 'det-host-volume-0', hostPath: { path: '/tmp' } }]);
    await kube.create(refused);
    await expect
      .poll(async () => (await taskgate.run('status')).stderr, { timeout: 60_000, interval: 500 })
      .toContain('[cluster.task-refused]');
    const { stdout, exitCode } = await taskgate.run('status');
    expect(exitCode).toBe(5);
    expect(stdout).toMatch(
      /task det-1-exp-1 has no pod: .* violates PodSecurity "baseline:latest": hostPath volumes \(volume "det-host-volume-0"\)/,
    );
    expect(stdout).toContain('to fix: mount a PersistentVolumeClaim');
    await kube.remove(refused);
    await expect.poll(async () => ending(await taskgate.run('status')), { timeout: 60_000 }).toBe('exit 0');
  });

  test('the same task with a PersistentVolumeClaim runs', async () => {
    const path = join(taskgate.dirOf('dev'), 'node', 'volumes', 'checkpoints');
    const size = { storage: '1Gi' };
    await kube.create({
      ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'checkpoints' } },
      spec: {
        ...{ capacity: size, accessModes: ['ReadWriteMany'], storageClassName: '' },
        ...{ persistentVolumeReclaimPolicy: 'Retain', hostPath: { path, type: 'DirectoryOrCreate' } },
        claimRef: { namespace: 'default', name: 'checkpoints' },
      },
    } as KubeObject);
    await kube.create({
      ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'checkpoints', namespace: 'default' } },
      spec: {
        ...{ accessModes: ['ReadWriteMany'], storageClassName: '', volumeName: 'checkpoints' },
        resources: { requests: size },
      },
    } as KubeObject);
    const claim = { name: 'det-host-volume-0', persistentVolumeClaim: { claimName: 'checkpoints' } };
    await kube.create(job('det-1-exp-2', [claim]));
    const pods = () =>
      kube.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', labelSelector: 'job-name=det-1-exp-2' });
    await expect
      .poll(async () => (await pods()).map(({ status }) => status?.phase), { timeout: 60_000, interval: 500 })
      .toEqual(['Running']);
    await kube.remove(job('det-1-exp-2', []), { propagation: 'Foreground' });
  });
});
