import { CommanderError } from 'commander';
import { exitCodes } from './exit-codes.ts';
import { buildProgram } from './program.ts';
import { commandLineError, explain, reportError } from './report-error.ts';
import { allowClosedOutput, listenForSignals } from './signals.ts';

/** Runs one command line, shows what it throws, and gives its exit code. Tested in test/process/cli.test.ts. */
export const main = async (args: readonly string[]): Promise<number> => {
  allowClosedOutput();
  const controller = new AbortController();
  const stopListening = listenForSignals(controller);
  const isJson = args.includes('--json');
  const { program, exitCode } = buildProgram({ args, signal: controller.signal, isJson });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode();
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(await explain(error, process.env), isJson);
    // help is an error to commander
    if (error.exitCode === 0) return 0;
    // without --json commander has printed it already
    return isJson ? reportError(commandLineError(error), isJson) : exitCodes.usage;
  } finally {
    stopListening();
  }
};
