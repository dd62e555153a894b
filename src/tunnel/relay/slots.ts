import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

/** The most connections to the master at a time. */
const mostConnections = 512;
/** Connections beyond those that are kept until it is known whether they are probes. */
const forProbes = 8;
/** File descriptors that forwards, ssh and logs need; each connection to the master takes two. */
const kept = 400;

/** The most connections that this process can hold by its limit of open files. */
export const findConnectionLimit = (limitsPath = '/proc/self/limits'): number => {
  try {
    const files = Number(/^Max open files\s+(\d+)/m.exec(readFileSync(limitsPath, 'utf8'))?.[1]);
    return Number.isNaN(files)
      ? mostConnections
      : Math.min(mostConnections, Math.max(16, Math.floor((files - kept) / 2)));
  } catch {
    return mostConnections; // a system without /proc
  }
};

/** Connections of one relay, with a limit. */
export type Slots = {
  /** Takes a new connection; where none is left, the oldest one on which nothing was ever sent is reset for it. */
  readonly take: (client: Socket) => void;
  /** The client has sent something. */
  readonly hear: (client: Socket) => void;
  /** Whether it may go on to the master: `false` where only probes are answered any more. */
  readonly promote: (client: Socket) => boolean;
  /** Connections to the master. */
  readonly used: () => number;
  readonly limit: number;
  readonly closeAll: () => void;
};

/** Sets keep the order of arrival, so the first one is the oldest. Tested in test/tunnel/relay/slots.test.ts. */
export const makeSlots = (limit = findConnectionLimit()): Slots => {
  const waiting = new Set<Socket>();
  const forwarded = new Set<Socket>();
  const silent = new Set<Socket>();
  const forget = (client: Socket): void => {
    for (const set of [waiting, forwarded, silent]) set.delete(client);
  };
  const drop = (client: Socket | undefined): boolean => {
    if (!client) return false;
    forget(client);
    client.resetAndDestroy();
    return true;
  };
  const oldestSilent = (among: ReadonlySet<Socket>): Socket | undefined => {
    for (const client of silent) if (among.has(client)) return client;
    return undefined;
  };
  return {
    take: (client) => {
      client.once('close', () => forget(client));
      waiting.add(client);
      silent.add(client);
      if (waiting.size + forwarded.size <= limit + forProbes) return;
      const [oldestWaiting] = waiting;
      drop(oldestSilent(waiting) ?? oldestSilent(forwarded) ?? oldestWaiting);
    },
    hear: (client) => void silent.delete(client),
    promote: (client) => {
      if (!waiting.delete(client)) return false;
      // what has nothing to say itself displaces nobody
      if (forwarded.size >= limit && (silent.has(client) || !drop(oldestSilent(forwarded)))) return false;
      forwarded.add(client);
      return true;
    },
    used: () => forwarded.size,
    limit,
    closeAll: () => {
      for (const client of [...waiting, ...forwarded]) client.destroy();
    },
  };
};
