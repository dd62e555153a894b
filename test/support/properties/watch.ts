import fc from 'fast-check';
import { acceptAnswer } from './promises.ts';
import { Accepted, refused } from './shares.ts';

class TooSlow extends Error {
  override readonly name = 'TooSlow';
}

export type Limits = {
  /** The most processor time that one input may take, in ms. */
  readonly slowestMs: number;
  /** The longest that one input may take by the clock, in ms, which a promise that never settles reaches. */
  readonly longestMs: number;
};

export type Tally = {
  inputs: number;
  accepted: number;
  readonly slowest: { ms: number; input: string };
};

export const newTally = (): Tally => ({ inputs: 0, accepted: 0, slowest: { ms: 0, input: '' } });

/** Errors that nothing catches, such as of a handler of events. */
export const watchUncaught = () => {
  const seen: unknown[] = [];
  const note = (error: unknown): void => void seen.push(error);
  process.on('uncaughtException', note).on('unhandledRejection', note);
  return {
    rethrow: (): void => {
      if (seen.length > 0) throw seen.shift();
    },
    end: (): void => void process.off('uncaughtException', note).off('unhandledRejection', note),
  };
};

export type Watch<T> = {
  readonly tally: Tally;
  readonly countOf: (input: T) => number;
  readonly uncaught: ReturnType<typeof watchUncaught>;
  readonly limits: Limits;
};

const withinMs = async (promise: Promise<unknown>, ms: number): Promise<unknown> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooSlow(`has not ended after ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

const judge = async <T>(check: (input: T) => unknown, input: T, { countOf, limits }: Watch<T>): Promise<number> => {
  try {
    const judged = check(input);
    const result = judged instanceof Promise ? await withinMs(judged, limits.longestMs) : judged;
    return result instanceof Accepted ? result.count : countOf(input);
  } catch (error) {
    acceptAnswer(error);
    return refused.count;
  }
};

/**
 * A check whose inputs are counted, those that it accepted, too. After one that has not ended in time all others pass: to look
 * for a smaller one takes that time again and again.
 */
export const watched = <T>(check: (input: T) => unknown, watch: Watch<T>) => {
  const { tally, countOf, uncaught, limits } = watch;
  let hasHung = false;
  return async (input: T): Promise<void> => {
    if (hasHung) return;
    const [startMs, cpuBefore] = [performance.now(), process.cpuUsage()];
    tally.inputs += countOf(input);
    tally.accepted += await judge(check, input, watch).catch((error: unknown) => {
      hasHung = error instanceof TooSlow;
      throw error;
    });
    uncaught.rethrow();
    const ms = performance.now() - startMs;
    if (ms > tally.slowest.ms) Object.assign(tally.slowest, { ms, input: fc.stringify(input).slice(0, 300) });
    if (ms < limits.slowestMs) return;
    const { user, system } = process.cpuUsage(cpuBefore);
    if ((user + system) / 1_000 > limits.slowestMs) throw new TooSlow(`took ${Math.round(ms)} ms`);
  };
};
