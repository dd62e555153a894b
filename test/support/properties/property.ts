import { appendFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import fc, { type Arbitrary, type RunDetails } from 'fast-check';
import { expect, test } from 'vitest';
import { budget, mostInBatch, slowestMs } from './budget.ts';
import { acceptAnswer, kindOf } from './promises.ts';

class TooSlow extends Error {
  override readonly name = 'TooSlow';
}

type Slowest = { ms: number; input: string };
type Tally = { inputs: number; readonly slowest: Slowest };

export type PropertyOptions<T> = {
  /** How many times as long as a parser's an input takes: it gets that fraction of the inputs. */
  readonly weight?: number;
  /** How many inputs are in one that is generated, where several are sent at once. */
  readonly countOf?: (input: T) => number;
};

const shown = (input: unknown): string => fc.stringify(input).slice(0, 300);

/** Errors that nothing catches, such as of a handler of events. */
const watchUncaught = () => {
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

type Watch<T> = {
  readonly tally: Tally;
  readonly countOf: (input: T) => number;
  readonly uncaught: ReturnType<typeof watchUncaught>;
};

const watched =
  <T>(check: (input: T) => unknown, { tally, countOf, uncaught }: Watch<T>) =>
  async (input: T): Promise<void> => {
    const [startMs, cpuBefore] = [performance.now(), process.cpuUsage()];
    tally.inputs += countOf(input);
    try {
      const result = check(input);
      if (result instanceof Promise) await result;
    } catch (error) {
      acceptAnswer(error);
    }
    uncaught.rethrow();
    const ms = performance.now() - startMs;
    if (ms > tally.slowest.ms) Object.assign(tally.slowest, { ms, input: shown(input) });
    if (ms < slowestMs) return;
    const { user, system } = process.cpuUsage(cpuBefore);
    if ((user + system) / 1_000 > slowestMs) throw new TooSlow(`took ${Math.round(ms)} ms`);
  };

const sizeOfBatch = (done: number, wanted: number, weight: number): number =>
  Math.max(1, Math.min(wanted - done, Math.ceil(mostInBatch / weight)));

/** Batch by batch, each with the next seed, until the inputs or the time are used up, or one has failed. */
const run = async <T>(
  arbitrary: Arbitrary<T>,
  check: (input: T) => Promise<void>,
  { weight, tally }: { readonly weight: number; readonly tally: Tally },
): Promise<RunDetails<[T]> | undefined> => {
  const wanted = Math.max(1, Math.ceil(budget.inputs / weight));
  const endMs = performance.now() + budget.timeMs;
  const { path } = budget;
  for (let batch = 0; batch === 0 || (tally.inputs < wanted && performance.now() < endMs); batch++) {
    const numRuns = sizeOfBatch(tally.inputs, wanted, weight);
    const parameters = { seed: budget.seed + batch, numRuns, ...(path !== undefined && { path }) };
    const details = await fc.check(fc.asyncProperty(arbitrary, check), parameters);
    if (details.failed) return details as RunDetails<[T]>;
    if (path !== undefined) return undefined;
    await setImmediate();
  }
  return undefined;
};

const report = <T>(
  name: string,
  { seed, counterexamplePath, counterexample, errorInstance }: RunDetails<[T]>,
): string =>
  [
    `${name}: ${kindOf(errorInstance)}: ${errorInstance instanceof Error ? errorInstance.stack : String(errorInstance)}`,
    `the smallest input: ${fc.stringify(counterexample?.[0])}`,
    `again: FUZZ_SEED=${seed} FUZZ_PATH=${counterexamplePath} npx vitest run --project unit test/properties -t '${name}'`,
  ].join('\n');

/**
 * A test that a promise holds for every input. One of taskgate's errors is an answer; any other error, a failed assertion, a
 * {@link Leak} and an endless computation fail. A failure names the smallest input, and how to run it again.
 */
export const property = <T>(
  name: string,
  arbitrary: Arbitrary<T>,
  check: (input: T) => unknown,
  { weight = 1, countOf = () => 1 }: PropertyOptions<T> = {},
): void => {
  test(name, { timeout: 30_000 + Math.min(budget.timeMs, budget.inputs * 60_000) }, async () => {
    const tally: Tally = { inputs: 0, slowest: { ms: 0, input: '' } };
    const startMs = performance.now();
    const uncaught = watchUncaught();
    const checked = watched(check, { tally, countOf, uncaught });
    const failed = await run(arbitrary, checked, { weight, tally }).finally(uncaught.end);
    uncaught.rethrow();
    const seconds = (performance.now() - startMs) / 1_000;
    const failure = failed && { kind: kindOf(failed.errorInstance), text: report(name, failed) };
    if (budget.figures) {
      appendFileSync(budget.figures, `${JSON.stringify({ parser: name, ...tally, seconds, failure })}\n`);
    }
    expect(failure?.text).toBeUndefined();
  });
};
