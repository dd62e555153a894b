import { appendFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import fc, { type Arbitrary, type RunDetails } from 'fast-check';
import { expect, test } from 'vitest';
import { budget, limits, mostInBatch, testMs } from './budget.ts';
import { kindOf } from './promises.ts';
import { findFewAccepted, goodOf } from './shares.ts';
import { type Limits, newTally, type Tally, watched, watchUncaught } from './watch.ts';

export type PropertyOptions<T> = {
  /** How many times as long as a parser's an input takes: it gets that fraction of the inputs. */
  readonly weight?: number;
  /** How many inputs are in one that is generated, where several are sent at once. */
  readonly countOf?: (input: T) => number;
  /** The least share of inputs that are accepted, and so judged: stated wherever one can be refused. */
  readonly accepts?: number;
  /** Inputs that are accepted as they are; by default those from which the others are made. */
  readonly good?: readonly NoInfer<T>[];
};

type Promised<T> = {
  readonly name: string;
  readonly arbitrary: Arbitrary<T>;
  readonly check: (input: T) => unknown;
  readonly options: PropertyOptions<T>;
};

type Failure = { readonly kind: ReturnType<typeof kindOf>; readonly text: string };

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

const shown = (error: unknown): string => `${kindOf(error)}: ${error instanceof Error ? error.stack : String(error)}`;

const report = <T>(
  name: string,
  { seed, counterexamplePath, counterexample, errorInstance }: RunDetails<[T]>,
): string =>
  [
    `${name}: ${shown(errorInstance)}`,
    `the smallest input: ${fc.stringify(counterexample?.[0])}`,
    `again: FUZZ_SEED=${seed} FUZZ_PATH=${counterexamplePath} npx vitest run --project unit test/properties -t '${name}'`,
  ].join('\n');

/** The first good input that is not accepted whole. */
const findRefused = async <T>(
  { name, arbitrary, options }: Promised<T>,
  check: (input: T) => Promise<void>,
  tally: Tally,
): Promise<Failure | undefined> => {
  for (const input of options.good ?? goodOf(arbitrary)) {
    const error: unknown = await check(input).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    const why = error === undefined ? 'broken promise: a good input is not accepted' : shown(error);
    if (error !== undefined || tally.accepted < tally.inputs)
      return {
        kind: error === undefined ? 'broken promise' : kindOf(error),
        text: `${name}: ${why}: ${fc.stringify(input)}`,
      };
  }
  return undefined;
};

/** What is found of a promise with the inputs of this run, and how many of them were accepted. */
export const judgeProperty = async <T>(
  promised: Promised<T>,
  { tally, limits: most = limits }: { readonly tally: Tally; readonly limits?: Limits },
): Promise<Failure | undefined> => {
  const { name, arbitrary, check, options } = promised;
  const { weight = 1, countOf = () => 1, accepts = 1 } = options;
  const uncaught = watchUncaught();
  const watch = { countOf, uncaught, limits: most };
  const tried = newTally();
  try {
    const bad = await findRefused(promised, watched(check, { ...watch, tally: tried }), tried);
    if (bad) return bad;
    const failed = await run(arbitrary, watched(check, { ...watch, tally }), { weight, tally });
    if (failed) return { kind: kindOf(failed.errorInstance), text: report(name, failed) };
  } finally {
    uncaught.end();
  }
  uncaught.rethrow();
  const few = budget.path === undefined ? findFewAccepted(tally, accepts) : undefined;
  return few === undefined ? undefined : { kind: 'broken promise', text: `${name}: broken promise: ${few}` };
};

/**
 * A test that a promise holds for every input. One of taskgate's errors is an answer; any other error, a failed assertion, a
 * {@link Leak} and an endless computation fail, and so do fewer answers of the other kind than `accepts` says. A failure names
 * the smallest input, and how to run it again.
 */
export const property = <T>(
  name: string,
  arbitrary: Arbitrary<T>,
  check: (input: T) => unknown,
  options: PropertyOptions<T> = {},
): void => {
  test(name, { timeout: testMs }, async () => {
    const tally = newTally();
    const startMs = performance.now();
    const failure = await judgeProperty({ name, arbitrary, check, options }, { tally });
    const seconds = (performance.now() - startMs) / 1_000;
    if (budget.figures) {
      appendFileSync(budget.figures, `${JSON.stringify({ parser: name, ...tally, seconds, failure })}\n`);
    }
    expect(failure?.text).toBeUndefined();
  });
};
