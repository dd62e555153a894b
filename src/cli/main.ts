import { CommanderError } from 'commander';
import { exitCodes } from './exit-codes.ts';
import { buildProgram } from './program.ts';
import { commandLineError, explain, reportError } from './report-error.ts';
import { allowClosedOutput, listenForSignals } from './signals.ts';

const wantsJson = (args: readonly string[]): boolean => args.includes('--json');

const isHelp = ({ exitCode }: CommanderError): boolean => exitCode === 0;

/**
 * Runs one command line and gives its exit code; everything thrown has been shown by then.
 * Tested in test/process/cli.test.ts.
 */
export const main = async (args: readonly string[]): Promise<number> => {
  allowClosedOutput();
  const controller = new AbortController();
  const stopListening = listenForSignals(controller);
  const { program, exitCode } = buildProgram({ args, signal: controller.signal, isJson: wantsJson(args) });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode();
  } catch (error) {
    const isJson = wantsJson(args);
    if (!(error instanceof CommanderError)) return reportError(await explain(error, process.env), isJson);
    if (isHelp(error)) return 0;
    // without --json commander has printed it already
    return isJson ? reportError(commandLineError(error), isJson) : exitCodes.usage;
  } finally {
    stopListening();
  }
};
