import type { CommanderError } from 'commander';
import { asTyped } from '../commands/as-typed.ts';
import { UserError } from '../lib/errors.ts';
import { Interrupted } from '../lib/process/interrupted.ts';
import { plainJson, plainLines } from '../lib/text/plain.ts';
import { exitCodeOf } from './exit-codes.ts';

/** Text of others in a message must not begin a line as one of ours does. */
const indent = (text: string): string => text.replace(/\r?\n(?=\S)/g, '\n    ');

/** What stderr shows for anything thrown: the user's errors in two lines, a bug with its stack. */
export const renderError = (error: unknown): string => {
  if (error instanceof Interrupted)
    return `taskgate: ${error.message}\n${error.rest ? `${plainLines(error.rest)}\n` : ''}`;
  if (error instanceof UserError) {
    return plainLines(
      `taskgate: ${indent(error.message)} [${error.id}]\n${error.hint ? `to fix: ${indent(error.hint)}\n` : ''}`,
    );
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return plainLines(`taskgate: this is a bug in taskgate, please report it\n${stack}\n`);
};

/** A wrong command line, as a UserError. */
export const commandLineError = ({ code, message }: CommanderError): UserError =>
  new UserError(code === 'commander.help' ? 'no command is given' : message.replace(/^error: /, ''), {
    id: 'usage.command-line',
    hint: '`taskgate --help` lists the commands, `taskgate COMMAND --help` the flags of one',
  });

/** What an error of the system or of a program means to the user; anything else unchanged. */
export const explain = async (error: unknown, env: Readonly<Record<string, string | undefined>>): Promise<unknown> => {
  const isKnown = error instanceof UserError || error instanceof Interrupted;
  if (isKnown || !(error instanceof Error && ('syscall' in error || 'command' in error))) return error;
  // imported here: `--help` must not wait for what reads the settings
  const modules = [import('./system-error.ts'), import('../config/load.ts')] as const;
  const [{ explainSystemError }, { realDirs }] = await Promise.all(modules);
  return explainSystemError(error, await realDirs(env));
};

/** The same error, with the commands in its hint as they can be typed. */
const withTypedHint = (error: unknown): unknown => {
  if (!(error instanceof UserError) || error.hint === undefined) return error;
  const { id, message, hint, cause } = error;
  return new UserError(message, { id, hint: asTyped(hint, process.env), cause });
};

/** Shows an error and gives the exit code for it. */
export const reportError = (thrown: unknown, isJson: boolean): number => {
  const error = withTypedHint(thrown);
  if (isJson && error instanceof UserError) {
    const { id, message, hint } = error;
    process.stderr.write(`${plainJson({ error: { id, message, hint } })}\n`);
  } else {
    process.stderr.write(renderError(error));
  }
  return exitCodeOf(error);
};
