import { networkInterfaces } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Why a wait ended: its time is over; the machine was suspended or lost an address (`disturbed`); or it has a new address
 * (`network`), so that old connections are dead and new ones can be made.
 */
export type Waking = 'time' | 'disturbed' | 'network';

/** Waits, but ends early when something may have cut all connections. Throws the signal's reason when aborted. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<Waking>;

const usualBeatMs = 1_000;
/** A beat that comes so much too late means that the machine was suspended. */
const gapMs = 3_000;

/** The addresses by which this host reaches others, without link-local ones. */
const listAddresses = (): readonly string[] =>
  Object.entries(networkInterfaces()).flatMap(([name, found = []]) =>
    found
      .filter(({ internal, address }) => !internal && !/^(fe80:|169\.254\.)/i.test(address))
      .map(({ address }) => `${name} ${address}`),
  );

const compare = (before: readonly string[], after: readonly string[]): Waking => {
  if (after.some((one) => !before.includes(one))) return 'network';
  return after.length < before.length ? 'disturbed' : 'time';
};

export type Surroundings = {
  readonly now: () => number;
  readonly addresses: () => readonly string[];
  /** Between two checks; 1 s unless given. */
  readonly beatMs?: number;
};

const thisHost: Surroundings = { now: Date.now, addresses: listAddresses };

/** Checks the clock and the network every second; a change between two waits ends the next one at once. */
export const makeWait = ({ now, addresses, beatMs = usualBeatMs }: Surroundings = thisHost): Wait => {
  let known: readonly string[] = [];
  /** The last list, while there is none: as when no more files can be opened. */
  const list = (): readonly string[] => {
    try {
      return addresses();
    } catch {
      return known;
    }
  };
  known = list();
  const look = (): Waking => {
    const seen = list();
    const change = compare(known, seen);
    known = seen;
    return change;
  };
  return async (ms, signal) => {
    for (let leftMs = ms; ; leftMs -= beatMs) {
      signal.throwIfAborted();
      const change = look();
      if (change !== 'time' || leftMs <= 0) return change;
      const dueAt = now() + Math.min(beatMs, leftMs);
      // an abort ends the pause; the loop then throws the signal's reason
      await pause(Math.min(beatMs, leftMs), undefined, { signal }).catch(() => undefined);
      if (now() - dueAt > gapMs) return 'disturbed';
    }
  };
};
