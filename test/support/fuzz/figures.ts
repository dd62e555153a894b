import { writeSync } from 'node:fs';
import { afterAll, expect } from 'vitest';
import { inputsWanted, type Tally } from './count.ts';

export const timeout = 20_000 + inputsWanted * 40;

/** Expects that nothing was thrown by a handler; the figures of all are printed at the end. */
export const startFigures = (): ((name: string, tally: Tally) => void) => {
  const figures: string[] = [];
  afterAll(() => void writeSync(2, `uncaught throws per handler: ${figures.join(', ')}\n`));
  return (name, { inputs, thrown }) => {
    figures.push(`${name} ${thrown.length} of ${inputs}`);
    expect(thrown.slice(0, 3)).toEqual([]);
  };
};
