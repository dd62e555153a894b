import { connect } from 'node:net';
import { hasCode } from '../lib/errors.ts';

/** How the host gets to the Gateway's listeners: by the node's own address, or by forwards on this host. */
export type Reach = { readonly via: 'node' | 'forward'; readonly because: string };

/** What one port of the node did. */
export type Dialed = { readonly port: number; readonly outcome: 'connected' | 'refused' | 'silent' | 'unreachable' };

/** Only a connection shows that it is the node that answers: gateways refuse in the name of hosts that are not there. */
export const judgeReach = (nodeAddress: string, dialed: readonly Dialed[]): Reach => {
  const connected = dialed.find(({ outcome }) => outcome === 'connected');
  if (connected) return { via: 'node', because: `the node ${nodeAddress} takes connections on port ${connected.port}` };
  const ports = dialed.map(({ port, outcome }) => `${port} ${outcome}`).join(', ');
  return { via: 'forward', because: `this host does not reach the node ${nodeAddress} (port ${ports})` };
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

/** Dials ports that are open on the node (kubelet's, the API server's), all at once, and says by which way its listeners are reached from here. */
export const probeReach = async (nodeAddress: string, ports: readonly number[], timeoutMs: number): Promise<Reach> =>
  judgeReach(nodeAddress, await Promise.all(ports.map((port) => dial(nodeAddress, port, timeoutMs))));
