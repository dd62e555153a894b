import { hasCode, messageOf } from '../lib/errors.ts';

/**
 * Has no failure of stdout or stderr end the work: a full disk under a log, or a terminal that is gone. Returns what
 * gives the reason why stdout could not be written. `taskgate status | head` closes stdout early, which is no fault.
 * Tested in test/process/output.test.ts.
 */
export const surviveOutput = (): (() => string | undefined) => {
  let trouble: string | undefined;
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error) => {
    if (!hasCode(error, 'EPIPE')) trouble ??= messageOf(error);
  });
  return () => trouble;
};
