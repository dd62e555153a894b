import { UserError } from '../lib/errors.ts';
import { exitCodeOf, Interrupted } from './exit-codes.ts';

/** What stderr shows for anything thrown: the user's errors in two lines, a bug with its stack. */
export const renderError = (error: unknown): string => {
  if (error instanceof Interrupted) return `taskgate: ${error.message}\n`;
  if (error instanceof UserError) {
    return `taskgate: ${error.message} [${error.id}]\n${error.hint ? `to fix: ${error.hint}\n` : ''}`;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `taskgate: this is a bug in taskgate, please report it\n${stack}\n`;
};

/** Shows an error and gives the exit code for it. */
export const reportError = (error: unknown, isJson: boolean): number => {
  if (isJson && error instanceof UserError) {
    const { id, message, hint } = error;
    process.stderr.write(`${JSON.stringify({ error: { id, message, hint } })}\n`);
  } else {
    process.stderr.write(renderError(error));
  }
  return exitCodeOf(error);
};
