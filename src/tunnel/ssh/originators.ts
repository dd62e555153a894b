import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { findSocketInode, listTcpSockets } from '../../lib/process/sockets.ts';
import type { LocalConnection } from '../tunnel.ts';

/** Tells for whom ssh has opened a connection to the relay. */
export type Originators = {
  /** Takes a line of `ssh -v`. */
  readonly read: (line: string) => void;
  /** The address from which a connection came that ssh carries to the relay; undefined if that is unknown. */
  readonly find: (connection: LocalConnection) => Promise<string | undefined>;
};

const gone = Symbol('gone');
const patienceMs = 1_000;
const pauseMs = 10;

/** Yields until everything has been read that was written before: a whole turn of the event loop. */
const untilRead = async (): Promise<void> => {
  await turn();
  await turn();
};

/**
 * Matches what ssh prints of each connection (`client_request_forwarded_tcpip: ... originator IP port N`, then
 * `connect_next: ... in progress, fd=N`) with the sockets that the kernel says ssh has (/proc/PID/fd). ssh prints the
 * originator before it connects, so once its output is read a descriptor's last originator is that of its socket.
 */
export const followOriginators = (findPid: () => number | undefined, waitMs = patienceMs): Originators => {
  const byDescriptor = new Map<number, string>();
  let announced: string | undefined;
  const match = async ({ from, to }: LocalConnection): Promise<string | typeof gone | undefined> => {
    const pid = findPid();
    const sockets = await listTcpSockets();
    const inode = sockets.find(({ port, peerPort }) => port === from && peerPort === to)?.inode;
    if (!pid || !inode) return gone;
    // an originator without its descriptor yet may be of this connection
    if (announced !== undefined) return undefined;
    for (const [descriptor, originator] of [...byDescriptor])
      if ((await findSocketInode(pid, descriptor)) === inode) return originator;
    return undefined;
  };
  return {
    read: (line) => {
      const [, originator] = /^debug1: client_request_forwarded_tcpip: .*, originator (\S+) port \d+$/.exec(line) ?? [];
      if (originator !== undefined) announced = originator;
      const [, descriptor] = /^debug1: connect_next: .* in progress, fd=(\d+)$/.exec(line) ?? [];
      if (descriptor === undefined || announced === undefined) return;
      byDescriptor.set(Number(descriptor), announced);
      announced = undefined;
    },
    find: async (connection) => {
      await untilRead();
      const startMs = performance.now();
      for (;;) {
        const found = await match(connection);
        if (found === gone) return undefined;
        if (found !== undefined || performance.now() - startMs > waitMs) return found;
        await pause(pauseMs);
      }
    },
  };
};
