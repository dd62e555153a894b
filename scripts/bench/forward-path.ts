import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Kube } from '../../src/lib/kube/client.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';
import type { GatewayEndpoint } from '../../src/model/gateway-endpoint.ts';
import type { Target } from '../../src/proof/probe/dial.ts';
import { addListeners, removeListeners } from '../../src/proof/sample-task/listeners.ts';

/** Gives back what it gets, on all addresses of this host: a task whose every byte can be watched. */
export const startEcho = async () => {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.pipe(socket);
  });
  await once(server.listen(0), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => sockets.size,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
};

/** A Service and a TCPRoute as for a task, but the endpoint is a port of this host. */
const objectsOf = (gateway: GatewayEndpoint, listenerPort: number, host: Target): readonly KubeObject[] => {
  const metadata = { namespace: 'default', name: `forward-${listenerPort}` };
  const ports = [{ name: 'tcp', port: host.port, protocol: 'TCP' }];
  const parent = {
    name: gateway.name,
    namespace: gateway.namespace,
    port: listenerPort,
    sectionName: `det-${listenerPort}`,
  };
  const service = { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports } };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': metadata.name } },
    addressType: 'IPv4',
    ports,
    endpoints: [{ addresses: [host.host], conditions: { ready: true } }],
  };
  const route = {
    apiVersion: 'gateway.networking.k8s.io/v1alpha2',
    kind: 'TCPRoute',
    metadata,
    spec: {
      parentRefs: [parent],
      rules: [{ backendRefs: [{ kind: 'Service', name: metadata.name, port: host.port }] }],
    },
  };
  return [service, slice, route];
};

export type HostTask = {
  readonly ports: readonly number[];
  /** Takes the listeners and what belongs to them away. */
  readonly remove: () => Promise<void>;
};

/** Adds listeners whose connections end at a port of this host; `address` is the host as pods see it. */
export const exposeHost = async (
  kube: Kube,
  gateway: GatewayEndpoint,
  { host, count }: { readonly host: Target; readonly count: number },
): Promise<HostTask> => {
  const allocationId = `forward-${host.port}-${Date.now()}`;
  const { ports } = await addListeners(kube, gateway, { allocationId, wanted: 'lowest', count });
  const objects = ports.flatMap((port) => objectsOf(gateway, port, host));
  for (const object of objects) await kube.create(object);
  return {
    ports,
    remove: async () => {
      await removeListeners(kube, gateway, (id) => id === allocationId);
      for (const object of objects) await kube.remove(object);
    },
  };
};

/** Not a power of two, so that no buffer of any size falls into step with it. */
const pattern = Buffer.from(Uint8Array.from({ length: 1_000_003 }, (_, index) => (index * 2_654_435_761) >>> 13));

const patternAt = (offset: number, length: number): Buffer => {
  const start = offset % pattern.length;
  return pattern.subarray(start, Math.min(start + length, pattern.length));
};

/** Where `bytes` first differ from what belongs at `offset`; undefined when they do not. */
const findDifference = (bytes: Buffer, offset: number): number | undefined => {
  for (let at = 0; at < bytes.length; ) {
    const wanted = patternAt(offset + at, bytes.length - at);
    const seen = bytes.subarray(at, at + wanted.length);
    if (!seen.equals(wanted)) return offset + at + seen.findIndex((byte, index) => byte !== wanted[index]);
    at += wanted.length;
  }
  return undefined;
};

export type Streamed = {
  readonly sent: number;
  readonly received: number;
  /** Why it ended before all had come back: a wrong byte, a reset, an early end. */
  readonly failure?: string;
};

/** One connection to an echo that streams until it is told to stop. */
export type Stream = { readonly finish: () => Promise<Streamed> };

export type Pace = {
  readonly chunkBytes: number;
  /** Between two chunks; 0 is as fast as it goes. */
  readonly pauseMs: number;
  /** Stops by itself after so many bytes. */
  readonly totalBytes?: number;
};

/** Streams a known pattern through an echo and looks at every byte that comes back. */
export const startStream = (target: Target, { chunkBytes, pauseMs, totalBytes = Infinity }: Pace): Stream => {
  const socket = connect({ ...target, noDelay: true, allowHalfOpen: true });
  const { promise, resolve } = Promise.withResolvers<Streamed>();
  let [sent, received, isFinishing] = [0, 0, false];
  const end = (failure?: string): void => {
    isFinishing = true;
    socket.destroy();
    resolve({ sent, received, ...(failure && { failure }) });
  };
  const judge = (): void => {
    if (isFinishing && received === sent) end();
  };
  const pump = async (): Promise<void> => {
    await once(socket, 'connect');
    while (!isFinishing && sent < totalBytes) {
      const chunk = patternAt(sent, Math.min(chunkBytes, totalBytes - sent));
      sent += chunk.length;
      if (!socket.write(chunk)) await once(socket, 'drain');
      if (pauseMs > 0) await new Promise((next) => setTimeout(next, pauseMs));
    }
    isFinishing = true;
    judge();
  };
  socket.on('data', (bytes: Buffer) => {
    const difference = findDifference(bytes, received);
    received += bytes.length;
    if (difference !== undefined) end(`wrong byte at ${difference}`);
    judge();
  });
  socket.on('end', () => end(received === sent && isFinishing ? undefined : 'ended early'));
  socket.on('error', ({ message }) => end(message));
  pump().catch(({ message }) => end(message));
  return {
    finish: () => {
      isFinishing = totalBytes === Infinity || isFinishing;
      judge();
      return promise;
    },
  };
};
