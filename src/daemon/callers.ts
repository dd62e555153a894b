import { setTimeout as pause } from 'node:timers/promises';
import { isInRanges } from '../lib/cidr.ts';
import type { Caller } from '../model/tunnel-status.ts';
import type { LocalConnection, TunnelDriver } from '../tunnel/tunnel.ts';

const callersKept = 10;

export type Callers = {
  /** Whether a connection may go to the master. */
  readonly admits: (connection: LocalConnection, head: Buffer) => Promise<boolean>;
  /** Learns from a probe of the daemon itself by which address the tunnel's server sees this host. */
  readonly hearProbe: (connection: LocalConnection) => Promise<void>;
  /** The latest first. */
  readonly last: () => readonly Caller[];
  /** This host, as the tunnel's server sees it. */
  readonly own: () => string | undefined;
};

/** Without ranges a caller is looked up at most so often, and no connection waits longer for that. */
const sampleMs = 100;
const patienceMs = { sample: 20, probe: 500 } as const;

type Options = { readonly allowFrom: readonly string[] | undefined; readonly now?: () => number };

/**
 * Knows who calls through a tunnel, and refuses who is in none of the ranges; one whose address is unknown is in none.
 * Without ranges everyone is admitted, and only some connections are looked up.
 */
export const makeCallers = (
  { findOriginator }: Pick<TunnelDriver, 'findOriginator'>,
  { allowFrom, now = Date.now }: Options,
): Callers => {
  let callers: readonly Caller[] = [];
  let own: string | undefined;
  let nextLook = Number.NEGATIVE_INFINITY;
  const note = (address: string, isAdmitted: boolean): void => {
    const known = callers.find((one) => one.address === address);
    const { admitted, refused } = known ?? { admitted: 0, refused: 0 };
    const counts = isAdmitted ? { admitted: admitted + 1, refused } : { admitted, refused: refused + 1 };
    const others = callers.filter((one) => one !== known);
    callers = [{ address, ...counts, lastAt: new Date(now()).toISOString() }, ...others].slice(0, callersKept);
  };
  const sample = async (connection: LocalConnection, head: Buffer): Promise<void> => {
    if (now() < nextLook) return;
    nextLook = now() + sampleMs;
    const address = await findOriginator(connection, head);
    if (address !== undefined) note(address, true);
  };
  const inTime = (work: Promise<void>, ms: number): Promise<unknown> =>
    Promise.race([work.catch(() => undefined), pause(ms, undefined, { ref: false })]);
  return {
    admits: async (connection, head) => {
      if (!allowFrom) {
        await inTime(sample(connection, head), patienceMs.sample);
        return true;
      }
      const address = await findOriginator(connection, head);
      const isAdmitted = address !== undefined && isInRanges(address, allowFrom);
      note(address ?? 'unknown', isAdmitted);
      return isAdmitted;
    },
    hearProbe: async (connection) => {
      if (!allowFrom || own !== undefined) return;
      const look = async (): Promise<void> => {
        own = await findOriginator(connection, Buffer.alloc(0));
      };
      await inTime(look(), patienceMs.probe);
    },
    last: () => callers,
    own: () => own,
  };
};
