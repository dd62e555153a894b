import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Kube } from '../../../../src/lib/kube/client.ts';
import type { Cluster } from '../../../../src/model/cluster.ts';
import type { GatewayEndpoint } from '../../../../src/model/gateway-endpoint.ts';
import { addListeners, removeListeners } from '../../../../src/proof/sample-task/listeners.ts';
import { startEcho } from '../../../testbed/echo.ts';
import { exposeHost } from '../../../testbed/host-task.ts';
import { type Pace, type Stream, type Streamed, startStream } from '../../../testbed/stream.ts';
import { ratiosOf, type Spread, spreadOf } from '../../statistics.ts';
import { localAddress, startKubectl, startTaskgate, type Way } from './ways.ts';

/** What became of the connections that streamed while listeners changed. */
export type Losses = {
  readonly connections: number;
  readonly sentBytes: number;
  /** Sent, but not come back. */
  readonly lostBytes: number;
  /** Connections that broke, each with why. */
  readonly broken: readonly string[];
};

export type ForwardResults = {
  /** While listeners were added and removed one by one. */
  readonly changes: number;
  readonly taskgate: Losses;
  /** kubectl left alone during the same changes: it loses nothing, and follows none of them. */
  readonly kubectlLeftAlone: Losses;
  /** kubectl restarted after each of some changes, which is how it follows. */
  readonly kubectlFollowing: Losses & { readonly changes: number };
  /** From the write of a listener to the first connection that its port takes, and back to a refusal. */
  readonly addedMs: Spread;
  readonly removedMs: Spread;
  /** One connection, through an echo and back, in turns. */
  readonly bytesPerSecond: { readonly taskgate: Spread; readonly kubectl: Spread; readonly ratio: Spread };
  /** The most memory that the process held, all bytes of one connection having gone through it. */
  readonly peakBytes: { readonly passed: number; readonly taskgate: number; readonly kubectl: number };
};

export type ForwardInput = {
  readonly kube: Kube;
  readonly cluster: Cluster;
  readonly gateway: GatewayEndpoint;
  readonly kubectl: string;
  /** Free, since no master runs; pods reach no other port of this host. */
  readonly masterPort: number;
  readonly quick: boolean;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
};

const streams = 20;
/** About 100 kB/s each way and connection: they must never be without a byte under way. */
const pace: Pace = { chunkBytes: 2_000, pauseMs: 20 };

const streamAll = (way: Way, ports: readonly number[]): readonly Stream[] =>
  ports.map((port) => startStream({ host: localAddress, port: way.localPort(port) }, pace));

const sumUp = (all: readonly Streamed[]): Losses => ({
  connections: all.length,
  sentBytes: all.reduce((sum, { sent }) => sum + sent, 0),
  lostBytes: all.reduce((sum, { sent, received }) => sum + sent - received, 0),
  broken: all.flatMap(({ failure }) => (failure === undefined ? [] : [failure])),
});

const finishAll = async (all: readonly Stream[]): Promise<readonly Streamed[]> => {
  await pause(500);
  return Promise.all(all.map(({ finish }) => finish()));
};

const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, localAddress);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

const untilOpen = async (port: number, wanted: boolean, signal: AbortSignal): Promise<void> => {
  const until = AbortSignal.any([signal, AbortSignal.timeout(30_000)]);
  while ((await isOpen(port)) !== wanted) await pause(2, undefined, { signal: until });
};

const addOne = async (kube: Kube, gateway: GatewayEndpoint): Promise<number> => {
  const { ports } = await addListeners(kube, gateway, { allocationId: 'bench-change', wanted: 'lowest', count: 1 });
  return ports[0] ?? 0;
};
const removeOne = (kube: Kube, gateway: GatewayEndpoint) =>
  removeListeners(kube, gateway, (id) => id === 'bench-change');

const timed = async (run: () => Promise<void>): Promise<number> => {
  const startMs = performance.now();
  await run();
  return performance.now() - startMs;
};

/** Adds a listener and removes it, again and again, and waits each time until its port has followed. */
const changeListeners = async ({ kube, gateway, signal, say }: ForwardInput, changes: number) => {
  const [addedMs, removedMs]: [number[], number[]] = [[], []];
  for (let change = 0; change < changes; change += 2) {
    let port = 0;
    const add = async () => {
      port = await addOne(kube, gateway);
      await untilOpen(port, true, signal);
    };
    const remove = async () => {
      await removeOne(kube, gateway);
      await untilOpen(port, false, signal);
    };
    addedMs.push(await timed(add));
    removedMs.push(await timed(remove));
    if (change % 200 === 0) say(`${change + 2} of ${changes} listener changes`);
  }
  return { addedMs: spreadOf(addedMs), removedMs: spreadOf(removedMs) };
};

type Ways = { readonly taskgate: Way; readonly kubectl: Way; readonly ports: readonly number[] };

const measureChanges = async (input: ForwardInput, { taskgate, kubectl, ports }: Ways) => {
  const changes = input.quick ? 20 : 1_000;
  const [throughTaskgate, throughKubectl] = [streamAll(taskgate, ports), streamAll(kubectl, ports)];
  const times = await changeListeners(input, changes);
  const [taskgateBytes, kubectlBytes] = await Promise.all([finishAll(throughTaskgate), finishAll(throughKubectl)]);
  return { changes, taskgate: sumUp(taskgateBytes), kubectlLeftAlone: sumUp(kubectlBytes), ...times };
};

/** The same streams while kubectl is restarted for each listener that comes or goes. */
const measureRestarts = async (input: ForwardInput, ports: readonly number[]) => {
  const changes = input.quick ? 2 : 10;
  const all: Streamed[] = [];
  for (let change = 0; change < changes; change++) {
    const added = change % 2 === 0 ? [await addOne(input.kube, input.gateway)] : [];
    if (change % 2 === 1) await removeOne(input.kube, input.gateway);
    const way = await startKubectl(input, input.gateway, [...ports, ...added]);
    const running = streamAll(way, ports);
    await pause(1_000);
    await way.close();
    all.push(...(await finishAll(running)));
  }
  await removeOne(input.kube, input.gateway);
  return { changes, ...sumUp(all) };
};

const measureThroughput = async ({ quick }: ForwardInput, { taskgate, kubectl, ports: [port = 0] }: Ways) => {
  const totalBytes = quick ? 20_000_000 : 2 ** 30 / 4;
  const perSecond = async (way: Way): Promise<number> => {
    const target = { host: localAddress, port: way.localPort(port) };
    const startMs = performance.now();
    const { failure } = await startStream(target, { chunkBytes: 65_536, pauseMs: 0, totalBytes }).finish();
    if (failure) throw new Error(`${way.name}: ${failure}`);
    return (totalBytes / (performance.now() - startMs)) * 1_000;
  };
  const rates = { taskgate: [] as number[], kubectl: [] as number[] };
  const rounds = quick ? 1 : 4;
  for (let round = 0; round < rounds; round++) {
    rates.taskgate.push(await perSecond(taskgate));
    rates.kubectl.push(await perSecond(kubectl));
  }
  return {
    bytesPerSecond: {
      taskgate: spreadOf(rates.taskgate),
      kubectl: spreadOf(rates.kubectl),
      ratio: spreadOf(ratiosOf(rates.taskgate, rates.kubectl)),
    },
    peakBytes: {
      passed: rounds * totalBytes,
      taskgate: await taskgate.peakBytes(),
      kubectl: await kubectl.peakBytes(),
    },
  };
};

/** Streams through forwards of taskgate and of kubectl to an echo on this host, through a Gateway whose listeners change. */
export const measureForward = async (input: ForwardInput): Promise<ForwardResults> => {
  const { kube, cluster, gateway, say } = input;
  const echo = await startEcho(input.masterPort);
  const task = await exposeHost(kube, gateway, {
    host: { host: cluster.hostAddress, port: echo.port },
    count: streams,
  });
  const open: Way[] = [];
  try {
    const taskgate = await startTaskgate(cluster, gateway, task.ports);
    open.push(taskgate);
    const kubectl = await startKubectl(input, gateway, task.ports);
    open.push(kubectl);
    for (const port of task.ports) await untilEchoed(taskgate.localPort(port), input.signal);
    const ways = { taskgate, kubectl, ports: task.ports };
    say('one connection as fast as it goes');
    const throughput = await measureThroughput(input, ways);
    const changed = await measureChanges(input, ways);
    await kubectl.close();
    say('kubectl restarted for each change');
    const kubectlFollowing = await measureRestarts(input, task.ports);
    return { ...throughput, ...changed, kubectlFollowing };
  } finally {
    for (const way of open) await way.close();
    await task.remove();
    echo.close();
  }
};

const untilEchoed = async (port: number, signal: AbortSignal): Promise<void> => {
  const until = AbortSignal.any([signal, AbortSignal.timeout(60_000)]);
  const once = { chunkBytes: 100, pauseMs: 0, totalBytes: 100 };
  while ((await startStream({ host: localAddress, port }, once).finish()).failure !== undefined) {
    await pause(20, undefined, { signal: until });
  }
};
