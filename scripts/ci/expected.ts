import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SuiteEvent } from './events.ts';

export type Expected = Readonly<Record<string, number>>;

const path = join(import.meta.dirname, 'expected-tests.json');

/**
 * A suite may lose this share of its tests, and never more than so many, before the run fails, so that not each change of a
 * table is one of the counts. A file that is left out fails by itself: see `judgeSuite`.
 */
const tolerance = { share: 0.02, tests: 20 };

/** How many tests each suite had when the file was last written. */
export const readExpected = async (): Promise<Expected> => JSON.parse(await readFile(path, 'utf8')) as Expected;

/** Infinity for a suite that nobody has counted, so that a new one is not forgotten. */
export const leastOf = (expected: Expected, suite: string): number => {
  const count = expected[suite] ?? Number.POSITIVE_INFINITY;
  return Math.max(Math.floor(count * (1 - tolerance.share)), count - tolerance.tests);
};

/** The suites that have fewer tests than before, a line each. */
export const fewerThan = (before: Expected, counts: Expected): readonly string[] =>
  Object.entries(counts)
    .filter(([suite, count]) => count < (before[suite] ?? 0))
    .map(([suite, count]) => `${suite} sinks from ${before[suite]} tests to ${count}`);

export const countTests = (events: readonly SuiteEvent[]): number =>
  events.filter(({ event }) => event === 'end').length;

/** Writes the counts of suites that have run to their end. */
export const writeExpected = async (counts: Expected): Promise<void> => {
  const sorted = Object.entries({ ...(await readExpected()), ...counts }).toSorted(([a], [b]) => a.localeCompare(b));
  await writeFile(path, `${JSON.stringify(Object.fromEntries(sorted), undefined, 2)}\n`);
};
