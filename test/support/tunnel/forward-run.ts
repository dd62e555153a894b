import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { keepForwards } from '../../../src/forward/forward.ts';
import type { PodPort, PortForwarder } from '../../../src/lib/kube/port-forward.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import type { ForwardStatus } from '../../../src/model/tunnel-status.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { listening } from '../proof/local-path.ts';

const gateway = { name: 'contour', namespace: 'projectcontour' };
export const gatewayWith = (...ports: readonly number[]) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: gateway,
  spec: { listeners: [19, ...ports].map((port) => ({ name: `det-${port}`, port, protocol: 'TCP' })) },
});
export const envoy = (name: string): KubeObject & { status: object } => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: gateway.namespace, labels: { app: 'envoy-contour' } },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
});

/** A connection to an echo server, as the way through a pod. */
const echoPort = async (): Promise<number> => {
  const server = await listening(createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)));
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server.port;
};
export const echoes = async (): Promise<PortForwarder> => {
  const port = await echoPort();
  return async () => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  };
};

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer().on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** Three free ports side by side, below the ephemeral ones. */
export const freePorts = async (): Promise<readonly [number, number, number]> => {
  for (;;) {
    const start = 10_000 + 4 * randomInt(4_000);
    const ports = [start, start + 1, start + 2] as const;
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return ports;
  }
};

type Input = {
  /** The port range. */
  readonly ports: readonly [number, number, number];
  readonly objects: readonly KubeObject[];
  readonly forward: PortForwarder;
  texts?: Record<string, string>;
};

/** Runs keepForwards until the end of the test. */
export const keep = ({ ports, objects, forward, texts = { '/version': '{}' } }: Input) => {
  const fake = fakeKube({ objects, kinds: ['gateway.networking.k8s.io/v1/Gateway', 'v1/Pod'], texts });
  const dialed: PodPort[] = [];
  const stop = new AbortController();
  let status: ForwardStatus = { state: 'starting', listeners: [], connections: 0 };
  const spec = {
    kubeconfigPath: '',
    kubeContext: '',
    gateway,
    address: '127.0.0.1',
    portRange: { start: ports[0], end: ports[2] },
  };
  const kept = keepForwards(spec, {
    signal: stop.signal,
    timings: { reportMs: 5, busyPortMs: 50, missedPulseMs: 100 },
    onState: (next) => {
      status = next;
    },
    connectTo: async () => ({
      kube: fake.kube,
      forward: (to) => {
        dialed.push(to);
        return forward(to);
      },
    }),
  });
  const end = async () => {
    stop.abort();
    await kept;
  };
  onTestFinished(end);
  const until = (wanted: object) => expect.poll(() => status, { timeout: 10_000 }).toMatchObject(wanted);
  return { fake, dialed, until, end, status: () => status };
};

export const ask = async (socket: Socket, text: string): Promise<string> => {
  socket.write(text);
  return String((await once(socket, 'data'))[0]);
};

export const open = async (port: number): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
};

/** `connected` where a connection stays open for a moment, else the code of its error. */
export const outcomeOf = (port: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    socket.setTimeout(200, () => {
      socket.destroy();
      resolve('connected');
    });
  });
