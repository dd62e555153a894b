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
 * Whether a deadline is over, by the first of two clocks that says so: a calendar that is set back prolongs nothing, also
 * while no daemon runs. A time that cannot be read is over. Of another boot, only the calendar is left; it counts from now on
 * by both clocks.
 */
const judge = ({ until, boot }: Deadline, bootId: string, { calendar, sinceBoot }: Clocks): (() => boolean) => {
  const due = Date.parse(until);
  const dueSinceBoot = boot?.id === bootId ? boot.untilMs : sinceBoot() + due - calendar();
  return () => !(calendar() < due && sinceBoot() < dueSinceBoot);
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
  /** Between two looks at the clocks; 1 s unless given. */
  readonly beatMs?: number;
};

/** The end of a public tunnel or of public forwards. */
export const makeExpiry = async (
  first: Deadline | undefined,
  { isExempt = () => false, clocks = realClocks, beatMs = 1_000 }: ExpiryOptions = {},
): Promise<Expiry> => {
  const bootId = await readBootId();
  let deadline = first;
  let isPast = first && judge(first, bootId, clocks);
  const isOver = (): boolean => !isExempt() && isPast?.() === true;
  const wait = async (wanted: boolean, signal: AbortSignal): Promise<void> => {
    while (isOver() !== wanted) await pause(beatMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  };
  return {
    until: () => (isExempt() ? undefined : deadline?.until),
    isOver,
    set: (next) => {
      deadline = next;
      isPast = next && judge(next, bootId, clocks);
    },
    whenOver: (signal) => wait(true, signal),
    whenExtended: (signal) => wait(false, signal),
  };
};
