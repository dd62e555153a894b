// Tested in test/process/uncaught.test.ts
import { writeSync } from 'node:fs';
import { exitNow } from '../lib/process/exit.ts';
import { bugExitCode, onUncaught } from '../lib/process/uncaught.ts';

/** Not by `process.stderr`: its failure comes as an event, and the full disk may hold this log, too. */
export const reportOnStderr = (line: string): void => {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // there is nowhere left to report it
  }
};

/** Why a background process cannot begin or go on, where that is no bug. */
export class ExpectedEnd extends Error {
  override readonly name = 'ExpectedEnd';
}

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/**
 * Ends a background process in order after an error that nothing caught: reports it on stderr, its log, calls `end` and
 * exits with 70 once that is done, or after `limitMs`. An {@link ExpectedEnd} ends it at once, with 1.
 */
export const endAfterBug = (end: (error: unknown) => Promise<unknown>, limitMs: number): void => {
  onUncaught((error) => {
    if (error instanceof ExpectedEnd) {
      reportOnStderr(error.message);
      exitNow(1);
    }
    reportOnStderr(`this is a bug in taskgate, please report it\n${describe(error)}`);
    const exit = (): never => exitNow(bugExitCode);
    setTimeout(exit, limitMs);
    end(error).then(exit, exit);
  });
};
