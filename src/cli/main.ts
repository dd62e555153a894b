import { CommanderError } from 'commander';
import { tightenUmask } from '../lib/process/umask.ts';
import { exitCodes } from './exit-codes.ts';
import { buildProgram } from './program.ts';
import { commandLineError, explain, reportError } from './report-error.ts';
import { usePathOfRoot } from './root-path.ts';
import { allowClosedOutput, listenForSignals } from './signals.ts';

/** Runs one command line, shows what it throws, and gives its exit code. Tested in test/process/cli.test.ts. */
export const main = async (args: readonly string[]): Promise<number> => {
  tightenUmask(0o022);
  allowClosedOutput();
  const isJson = args.includes('--json');
  usePathOfRoot(process.env, isJson);
  const controller = new AbortController();
  const stopListening = listenForSignals(controller);
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
