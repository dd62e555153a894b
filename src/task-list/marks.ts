import { styleText } from 'node:util';
import type { Outcome } from '../model/stage.ts';

export const marks: Readonly<Record<Outcome, string>> = {
  done: '✔',
  skipped: '↓',
  broken: '!',
  failed: '✖',
  cancelled: '■',
};

const styles = { done: 'green', skipped: 'dim', broken: 'yellow', failed: 'red', cancelled: 'yellow' } as const;

/**
 * Text in an outcome's colour, as the terminal on stderr and the variables NO_COLOR and FORCE_COLOR have it.
 * Tested in test/process/display.test.ts.
 */
export const paint = (outcome: Outcome, text: string): string =>
  styleText(styles[outcome], text, { stream: process.stderr });
