import { once } from 'node:events';
import { readlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startEcho } from '../../scripts/testbed/echo.ts';
import { exposeHost, type HostTask } from '../../scripts/testbed/host-task.ts';
import { startStream } from '../../scripts/testbed/stream.ts';
import { pidsInCgroups } from '../../src/cluster/native/isolation/cgroups.ts';
import { instanceHash } from '../../src/cluster/native/link.ts';
import { keepForwards } from '../../src/forward/forward.ts';
import type { Kube } from '../../src/lib/kube/client.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import type { GatewayEndpoint } from '../../src/model/gateway-endpoint.ts';
import type { ForwardStatus } from '../../src/model/tunnel-status.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';

const name = 'fwd';
const address = '127.0.0.1';

let taskgate: Taskgate;
let kube: Kube;
let gateway: GatewayEndpoint;
let cluster: Cluster;
let echo: Awaited<ReturnType<typeof startEcho>>;
let status: ForwardStatus;
const stop = new AbortController();
let kept: Promise<void> = Promise.resolve();

beforeAll(async () => {
  taskgate = await makeTaskgate();
  expect(ending(await taskgate.run('up', '--name', name))).toBe('exit 0');
  const record = await taskgate.record(name);
  if (!record.gateway || !record.cluster) throw new Error('up has recorded no Gateway');
  ({ gateway, cluster } = record);
  kube = await taskgate.kube(name);
  echo = await startEcho(taskgate.masterPort);
  kept = keepForwards(
    {
      ...cluster,
      gateway: { name: gateway.name, namespace: gateway.namespace },
      address,
      portRange: gateway.portRange,
    },
    {
      signal: stop.signal,
      onState: (next) => {
        status = next;
      },
    },
  );
});

afterAll(async () => {
  stop.abort();
  await kept;
  echo?.close();
  await taskgate.close(name);
});

const until = (wanted: object) => expect.poll(() => status, { timeout: 60_000, interval: 50 }).toMatchObject(wanted);

const expose = async (count: number): Promise<HostTask> => {
  const task = await exposeHost(kube, gateway, { host: { host: cluster.hostAddress, port: echo.port }, count });
  onTestFinished(() => task.remove());
  return task;
};

/** Sends some bytes through a listener and looks at each of them on its way back. */
const tryOnce = async (port: number, totalBytes = 1_000): Promise<string> => {
  const { failure, received } = await startStream(
    { host: address, port },
    { chunkBytes: 65_536, pauseMs: 0, totalBytes },
  ).finish();
  return failure ?? `${received} bytes`;
};
const untilServed = (port: number) =>
  expect.poll(() => tryOnce(port), { timeout: 60_000, interval: 50 }).toBe('1000 bytes');

const portOf = ({ ports }: HostTask, index = 0): number => ports[index] ?? 0;
const slowly = { chunkBytes: 1_000, pauseMs: 10 };

const envoyPods = () =>
  kube.list<KubeObject>({
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: gateway.namespace,
    labelSelector: 'app=envoy-contour',
  });

/** The one that serves; one that was replaced may still be going. */
const envoyPod = async (): Promise<KubeObject> => {
  const pod = (await envoyPods()).find(({ metadata }) => !metadata.deletionTimestamp);
  if (!pod) throw new Error('no Envoy pod');
  return pod;
};

const findPid = async (program: string): Promise<number> => {
  const mark = `taskgate-${name}-${instanceHash(taskgate.dirOf(name))}`;
  for (const pid of await pidsInCgroups([`/sys/fs/cgroup/pids/${mark}`, `/sys/fs/cgroup/${mark}`])) {
    if ((await readlink(`/proc/${pid}/exe`).catch(() => '')).endsWith(`/${program}`)) return pid;
  }
  throw new Error(`no process of ${program}`);
};

describe('forwards to a real Envoy', () => {
  test('they follow listeners that come and go; a connection beside them loses nothing', async () => {
    await until({ state: 'up', listeners: [] });
    const task = await expose(1);
    await untilServed(portOf(task));
    const stream = startStream({ host: address, port: portOf(task) }, slowly);
    for (let round = 0; round < 3; round++) {
      const other = await exposeHost(kube, gateway, { host: { host: cluster.hostAddress, port: echo.port }, count: 3 });
      await untilServed(portOf(other, 2));
      await other.remove();
      await until({ state: 'up', listeners: [{ port: portOf(task) }] });
      await expect.poll(() => tryOnce(portOf(other, 2))).toContain('ECONNRESET');
    }
    const { sent, received, failure } = await stream.finish();
    expect({ received, failure }).toEqual({ received: sent, failure: undefined });
    expect(sent).toBeGreaterThan(10_000);
  });

  test('100 MB both ways, byte for byte', async () => {
    const task = await expose(1);
    await untilServed(portOf(task));
    expect(await tryOnce(portOf(task), 100_000_000)).toBe('100000000 bytes');
  });

  test('the client ends its side first: all that it sent comes back', async () => {
    const task = await expose(1);
    await untilServed(portOf(task));
    const socket = connect({ host: address, port: portOf(task) });
    const body = Buffer.alloc(20_000_000, 'half-closed');
    const back: Buffer[] = [];
    const failures: Error[] = [];
    socket.on('data', (bytes: Buffer) => back.push(bytes)).on('error', (error) => failures.push(error));
    socket.end(body);
    await new Promise((resolve) => void socket.on('close', resolve));
    expect(Buffer.concat(back).equals(body)).toBe(true);
    // the echo never hears of the end, and whether it would have sent more is not known
    expect(failures).toMatchObject([{ code: 'ECONNRESET' }]);
  });

  test('a listener without a task behind it: the connection is reset, and status says why', async () => {
    const task = await expose(1);
    await untilServed(portOf(task));
    await kube.remove({
      apiVersion: 'gateway.networking.k8s.io/v1alpha2',
      kind: 'TCPRoute',
      metadata: { namespace: 'default', name: `forward-${portOf(task)}` },
    });
    await expect.poll(() => tryOnce(portOf(task)), { timeout: 20_000 }).toContain('ECONNRESET');
    await until({ listeners: [{ trouble: expect.stringContaining('refused') }] });
  });

  // Contour's shutdown manager does not count TCP connections, so Envoy ends them with itself after some seconds
  test('Envoy is asked to go: new connections find a way before and after it is replaced', async () => {
    const task = await expose(1);
    await untilServed(portOf(task));
    const pod = await envoyPod();
    await kube.remove({ ...pod, metadata: { namespace: gateway.namespace, name: pod.metadata.name } });
    const isReplaced = async () => (await envoyPods()).some(({ metadata }) => metadata.name !== pod.metadata.name);
    const outcomes: string[] = [];
    while (!(await isReplaced())) outcomes.push(await tryOnce(portOf(task)));
    await untilServed(portOf(task));
    await until({ state: 'up' });
    expect(outcomes).toContain('1000 bytes');
  });

  test('Envoy is gone at once: what was open is reset, a new connection waits for the next Envoy', async () => {
    const task = await expose(1);
    await untilServed(portOf(task));
    const held = connect({ host: address, port: portOf(task) });
    held.write('hello');
    // one that has not come through yet would wait for the next Envoy
    await once(held, 'data');
    const ended = new Promise((resolve) => void held.on('error', () => undefined).on('close', () => resolve('ended')));
    const pod = await envoyPod();
    const ref = { ...pod, metadata: { namespace: gateway.namespace, name: pod.metadata.name } };
    await kube.remove(ref, { gracePeriodSeconds: 0 });
    const names = async () => (await envoyPods()).map(({ metadata }) => metadata.name);
    await expect.poll(names, { timeout: 60_000 }).not.toContain(pod.metadata.name);
    await untilServed(portOf(task));
    await until({ state: 'up' });
    // the next Envoy may be ready before the kubelet has killed this one
    expect(await ended).toBe('ended');
  });

  test('the API server is killed: what was open is reset, never cut short unseen, and the path heals', async () => {
    const task = await expose(1);
    await untilServed(portOf(task));
    const held = connect({ host: address, port: portOf(task) });
    held.write('hello');
    await once(held, 'data');
    const broken = once(held, 'error');
    process.kill(await findPid('kube-apiserver'), 'SIGKILL');
    expect((await broken)[0]).toMatchObject({ code: 'ECONNRESET' });
    expect(await tryOnce(portOf(task))).toBe('1000 bytes'); // it has waited for the API server
    await until({ state: 'up' });
  });
});
