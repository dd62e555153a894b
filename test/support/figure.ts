import { expect } from 'vitest';

/** Prints what was measured beside what it may be at most, as one line, and fails where it is more. */
export const figure = (what: string, value: number, limit = 0): void => {
  process.stdout.write(`figure: ${what}: ${value} [${limit === 0 ? '0' : `<= ${limit}`}]\n`);
  expect(value, what).toBeLessThanOrEqual(limit);
};
