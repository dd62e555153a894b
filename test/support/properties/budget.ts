import type { Limits } from './watch.ts';

/** How much the properties do: a hundred inputs each in `npm test`; what `npm run fuzz` says in a long run. */
export const budget = {
  /** Inputs of each property; a property of weight 10 gets a tenth of them. */
  inputs: Number(process.env['FUZZ_INPUTS'] ?? 100),
  /** The time of each property, in which it takes as many inputs as it can; no limit unless set. */
  timeMs: Number(process.env['FUZZ_MS'] ?? Number.POSITIVE_INFINITY),
  /** The same for all properties of a run; test/support/properties/announce.ts chooses and prints it. */
  seed: Number(process.env['FUZZ_SEED'] ?? 1),
  /** Where in the seed's inputs to begin: that of a failure, which alone is then run. */
  path: process.env['FUZZ_PATH'],
  /** A file that gets the figures of each property as a line of JSON. */
  figures: process.env['FUZZ_FIGURES'],
};

/** Inputs that are generated in one go: between two of them the runner hears of the test. */
export const mostInBatch = 2_000;

/** What one input may take, in ms: hardware is slow and loaded, a loop without end is endless, and so is a promise without one. */
export const limits: Limits = { slowestMs: 5_000, longestMs: 30_000 };

/** The time limit of a property, in ms: one input that does not end is named before. */
export const testMs = 3 * limits.longestMs + Math.min(budget.timeMs, budget.inputs * 20);
