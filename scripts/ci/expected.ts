import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SuiteEvent } from './events.ts';

export type Expected = Readonly<Record<string, number>>;

const path = join(import.meta.dirname, 'expected-tests.json');

/** A suite may lose this share of its tests before the run fails: less than a file of tests that is left out. */
const tolerance = 0.02;

/** How many tests each suite had when the file was last written. */
export const readExpected = async (): Promise<Expected> => JSON.parse(await readFile(path, 'utf8')) as Expected;

/** Infinity for a suite that nobody has counted, so that a new one is not forgotten. */
export const leastOf = (expected: Expected, suite: string): number =>
  Math.floor((expected[suite] ?? Number.POSITIVE_INFINITY) * (1 - tolerance));

export const countTests = (events: readonly SuiteEvent[]): number =>
  events.filter(({ event }) => event === 'end').length;

/** Writes the counts of suites that have run to their end. */
export const writeExpected = async (counts: Expected): Promise<void> => {
  const sorted = Object.entries({ ...(await readExpected()), ...counts }).toSorted(([a], [b]) => a.localeCompare(b));
  await writeFile(path, `${JSON.stringify(Object.fromEntries(sorted), undefined, 2)}\n`);
};
