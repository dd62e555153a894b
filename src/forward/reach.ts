import { connect } from 'node:net';
import { hasCode } from '../lib/errors.ts';
import type { GatewayVia } from '../model/gateway-endpoint.ts';

/** How this host reaches the Gateway's listeners, and why so. */
export type GatewayReach = { readonly via: GatewayVia; readonly because: string };

/** The result of dialling one port of the node. */
export type Dialed = { readonly port: number; readonly outcome: 'connected' | 'refused' | 'silent' | 'unreachable' };

/**
 * Only a connection proves that the node answers: routers refuse on behalf of hosts that do not exist. Published ports are
 * not dialed: Docker takes every connection there, whether or not anything is behind.
 */
export const judgeReach = (nodeAddress: string, dialed: readonly Dialed[], isPublished = false): GatewayReach => {
  const connected = dialed.find(({ outcome }) => outcome === 'connected');
  if (connected)
    return { via: 'node', because: `the node ${nodeAddress} accepts connections on port ${connected.port}` };
  const ports = dialed.map(({ port, outcome }) => `${port} ${outcome}`).join(', ');
  const via = isPublished ? 'published' : 'forward';
  return { via, because: `this host does not reach the node ${nodeAddress} (port ${ports})` };
};

const dial = (host: string, port: number, timeoutMs: number): Promise<Dialed> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (outcome: Dialed['outcome']): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ port, outcome });
    };
    const timer = setTimeout(() => end('silent'), timeoutMs);
    socket.on('connect', () => end('connected'));
    socket.on('error', (error) => end(hasCode(error, 'ECONNREFUSED') ? 'refused' : 'unreachable'));
  });

/** Dials ports that are open on the node (kubelet's, the API server's), all at once, and judges by the results. */
export const probeReach = async (
  nodeAddress: string,
  ports: readonly number[],
  { timeoutMs, isPublished }: { readonly timeoutMs: number; readonly isPublished: boolean },
): Promise<GatewayReach> =>
  judgeReach(nodeAddress, await Promise.all(ports.map((port) => dial(nodeAddress, port, timeoutMs))), isPublished);
