import { setTimeout as pause } from 'node:timers/promises';
import { type ErrorId, UserError } from './errors.ts';

/** `true` if the state is the wanted one, otherwise what is missing. */
export type Verdict = true | string;

export type WaitOptions = {
  readonly timeoutMs: number;
  readonly id: ErrorId;
  readonly hint?: string;
  readonly signal?: AbortSignal | undefined;
  /** Called each time the verdict's text changes, for progress. */
  readonly onVerdict?: ((verdict: string) => void) | undefined;
  /** Called once at the deadline for details, such as the newest Warning event; its failure is ignored. */
  readonly explain?: () => Promise<string | undefined>;
};

/**
 * Makes a stream of states that ends when `signal` aborts: a watch, or {@link polling}.
 * A UserError that it throws then explains why it saw no further states.
 */
export type Source<T> = (signal: AbortSignal) => AsyncIterable<T>;

/**
 * Reads states from `source` until `judge` says `true`, and returns that state.
 * Throws a UserError with the last verdict after `timeoutMs`, or the signal's reason when aborted.
 */
export const waitUntil = async <T>(
  what: string,
  source: Source<T>,
  judge: (state: T) => Verdict,
  { timeoutMs, id, hint, signal, onVerdict, explain }: WaitOptions,
): Promise<T> => {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  const both = signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal;
  let last = 'nothing seen yet';
  let trouble: string | undefined;
  try {
    for await (const state of source(both)) {
      const verdict = judge(state);
      if (verdict === true) return state;
      if (verdict !== last) onVerdict?.(verdict);
      last = verdict;
    }
  } catch (error) {
    if (!both.aborted) throw error;
    if (error instanceof UserError) trouble = error.message;
  } finally {
    clearTimeout(timer);
    deadline.abort();
  }
  signal?.throwIfAborted();
  const more = [trouble, await explain?.().catch(() => undefined)].filter(Boolean).join('; ');
  const message = `${what} not ready after ${Math.round(timeoutMs / 1000)}s: ${last}${more && ` (${more})`}`;
  throw new UserError(message, { id, hint });
};

/** For things without a watch: polls until the signal aborts. */
export const polling = <T>(look: (signal: AbortSignal) => Promise<T>, pauseMs: number): Source<T> =>
  async function* (signal) {
    while (!signal.aborted) {
      yield await look(signal);
      await pause(pauseMs, undefined, { signal });
    }
  };

/** Rejects with the signal's reason once it aborts. */
export const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const fail = () => reject(signal.reason);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
