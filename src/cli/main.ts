import { CommanderError } from 'commander';
import { exitNow, setExitCode } from '../lib/process/exit.ts';
import { tightenUmask } from '../lib/process/umask.ts';
import { bugExitCode, onUncaught } from '../lib/process/uncaught.ts';
import { plainLines } from '../lib/text/plain.ts';
import { exitCodes, outputExitCode } from './exit-codes.ts';
import { refuseSwallowedFlags } from './npm-flags.ts';
import { surviveOutput } from './output.ts';
import { buildProgram } from './program.ts';
import { commandLineError, explain, reportError } from './report-error.ts';
import { usePathOfRoot } from './root-path.ts';
import { listenForSignals } from './signals.ts';
import { describeWrong } from './suggest.ts';

/** What an error that nothing caught has cut off may never end. */
const orderlyEndMs = 120_000;

type Bug = { readonly error: unknown };

/**
 * Has an error that nothing caught end the work as a signal does: what is half done is undone, locks are released. It is
 * reported at the end, in place of what it leads to. Returns what gives it.
 */
const guardWork = (controller: AbortController): (() => Bug | undefined) => {
  let bug: Bug | undefined;
  onUncaught((error) => {
    bug = { error };
    process.once('exit', () => {
      reportError(error, false);
      setExitCode(bugExitCode);
    });
    controller.abort(error);
    setTimeout(() => exitNow(bugExitCode), orderlyEndMs).unref();
  });
  return () => bug;
};

/** The work is done; that nobody can read about it is still worth an exit code. */
const reportLostOutput = (stdoutTrouble: () => string | undefined): void => {
  process.once('exit', (exitCode) => {
    const trouble = stdoutTrouble();
    if (trouble === undefined || exitCode !== 0) return;
    process.stderr.write(`taskgate: stdout cannot be written: ${trouble}\n`);
    setExitCode(outputExitCode);
  });
};

const runCommand = async (args: readonly string[], signal: AbortSignal): Promise<number> => {
  const { program, exitCode } = buildProgram({ args, signal, isJson: args.includes('--json') });
  refuseSwallowedFlags(program, args, process.env);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw new CommanderError(error.exitCode, error.code, describeWrong(error, { program, args }));
  }
  return exitCode();
};

const report = async (error: unknown, isJson: boolean): Promise<number> => {
  if (!(error instanceof CommanderError)) return reportError(await explain(error, process.env), isJson);
  // help is an error to commander
  if (error.exitCode === 0) return 0;
  if (isJson) return reportError(commandLineError(error), isJson);
  // for a missing command commander has printed the help
  if (error.code !== 'commander.help') process.stderr.write(plainLines(`${error.message}\n`));
  return exitCodes.usage;
};

/** Runs one command line, shows what it throws, and gives its exit code. Tested in test/process/cli.test.ts. */
export const main = async (args: readonly string[]): Promise<number> => {
  tightenUmask(0o022);
  reportLostOutput(surviveOutput());
  const isJson = args.includes('--json');
  usePathOfRoot(process.env, isJson);
  const controller = new AbortController();
  const stopListening = listenForSignals(controller);
  const findBug = guardWork(controller);
  try {
    return await runCommand(args, controller.signal);
  } catch (error) {
    return findBug() ? bugExitCode : await report(error, isJson);
  } finally {
    stopListening();
  }
};
