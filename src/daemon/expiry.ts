import { uptime } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { Deadline } from '../instance/tunnels.ts';
import { readBootId } from '../lib/process/processes.ts';

/** Two clocks in milliseconds: the calendar, which can be set, and the time since boot, which counts sleep (CLOCK_BOOTTIME). */
export type Clocks = { readonly calendar: () => number; readonly sinceBoot: () => number };

const realClocks: Clocks = { calendar: Date.now, sinceBoot: () => uptime() * 1_000 };

/** A moment by both clocks, in milliseconds. */
export type Moment = { readonly now: number; readonly boot?: { readonly id: string; readonly sinceMs: number } };

export const readClocks = async ({ calendar, sinceBoot } = realClocks): Promise<Moment> => ({
  now: calendar(),
  boot: { id: await readBootId(), sinceMs: sinceBoot() },
});

/** The deadline so many hours after a moment. */
export const deadlineAfter = ({ now, boot }: Moment, hours: number): Deadline => {
  const ms = hours * 3_600_000;
  const until = new Date(now + ms).toISOString();
  return { until, ...(boot && { boot: { id: boot.id, untilMs: boot.sinceMs + ms } }) };
};

/**
 * Milliseconds until a deadline, by the clock that is nearer to it: a calendar that is set back prolongs nothing, also
 * while no daemon runs. NaN for a time that cannot be read, which is over. Of another boot, only the calendar is left; it counts from now on
 * by both clocks.
 */
const judge = ({ until, boot }: Deadline, bootId: string, { calendar, sinceBoot }: Clocks): (() => number) => {
  const due = Date.parse(until);
  const dueSinceBoot = boot?.id === bootId ? boot.untilMs : sinceBoot() + due - calendar();
  return () => Math.min(due - calendar(), dueSinceBoot - sinceBoot());
};

export type Expiry = {
  /** As ISO time, while there is one. */
  readonly until: () => string | undefined;
  readonly isOver: () => boolean;
  /** Without a deadline it never ends. */
  readonly set: (deadline: Deadline | undefined) => void;
  /** Resolves once it is over; rejects with the signal's reason. */
  readonly whenOver: (signal: AbortSignal) => Promise<void>;
  /** Resolves once it is over no longer; rejects with the signal's reason. */
  readonly whenExtended: (signal: AbortSignal) => Promise<void>;
};

export type ExpiryOptions = {
  /** While it says so there is no deadline. */
  readonly isExempt?: () => boolean;
  readonly clocks?: Clocks;
  /** The longest time between two looks at the clocks; 1 s unless given. */
  readonly beatMs?: number;
};

/** The end of a public tunnel or of public forwards. */
export const makeExpiry = async (
  first: Deadline | undefined,
  { isExempt = () => false, clocks = realClocks, beatMs = 1_000 }: ExpiryOptions = {},
): Promise<Expiry> => {
  const bootId = await readBootId();
  let deadline = first;
  let leftMs = first && judge(first, bootId, clocks);
  let change = new AbortController();
  const isOver = (): boolean => !isExempt() && leftMs !== undefined && !(leftMs() > 0);
  const wait = async (wanted: boolean, signal: AbortSignal): Promise<void> => {
    while (isOver() !== wanted) {
      const left = leftMs?.() ?? 0;
      const until = { signal: AbortSignal.any([signal, change.signal]) };
      await pause(left > 0 ? Math.min(left, beatMs) : beatMs, undefined, until).catch(() => signal.throwIfAborted());
    }
  };
  return {
    until: () => (isExempt() ? undefined : deadline?.until),
    isOver,
    set: (next) => {
      deadline = next;
      leftMs = next && judge(next, bootId, clocks);
      change.abort();
      change = new AbortController();
    },
    whenOver: (signal) => wait(true, signal),
    whenExtended: (signal) => wait(false, signal),
  };
};
