import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { hasCode } from '../lib/errors.ts';
import type { CommandInput } from './command.ts';
import { type EndingSignal, exitCodes, Interrupted } from './exit-codes.ts';
import { describeSettings, readFlags, withSettings } from './flags.ts';
import { commandLineError, explain, reportError } from './report-error.ts';

/** Commands are imported when they are called: `--help` must not wait for the Kubernetes client. */
type Program = { readonly program: Command; readonly exitCode: () => number };

const buildProgram = (args: readonly string[], signal: AbortSignal): Program => {
  let exitCode = 0;
  const program = new Command('taskgate')
    .description("A Kubernetes cluster in which Determined's Internal Task Gateway works, proven hop by hop")
    .version(packageJson.version)
    .exitOverride()
    // with --json the one error on stderr is ours, not commander's text
    .configureOutput(wantsJson(args) ? { writeErr: () => undefined } : {})
    .helpCommand(false);

  const inputOf = (command: Command): CommandInput => ({
    flags: readFlags(command),
    invocation: { args, env: process.env, cwd: process.cwd(), signal, isTerminal: isWideTerminal(process.stderr) },
  });
  const add = (parent: Command, usage: string, description: string): Command =>
    withSettings(parent.command(usage).description(description));

  add(
    program,
    'up',
    'make the cluster, install Contour and the Gateway, write the master configuration, prove the path',
  ).action(async (_, command: Command) => {
    exitCode = await (await import('./commands/up.ts')).up(inputOf(command));
  });
  add(program, 'down', 'take everything of an instance away')
    .option('--purge-cache', 'remove the cache of programs and images too', false)
    .action(async (options, command: Command) => {
      exitCode = await (await import('./commands/down.ts')).down(inputOf(command), options);
    });
  add(program, 'status', 'show the instances and what is wrong with them').action(async (_, command: Command) =>
    (await import('./commands/status.ts')).status(inputOf(command)),
  );
  add(program, 'smoke', 'expose a sample task as the master does, reach it both ways, remove it').action(
    async (_, command: Command) => (await import('./commands/smoke.ts')).smoke(inputOf(command)),
  );
  add(program, 'env', 'print exports for a shell: eval "$(taskgate env)"').action(async (_, command: Command) =>
    (await import('./commands/env.ts')).env(inputOf(command)),
  );
  add(program, 'logs [component]', "print the log of one of the instance's processes, or their names").action(
    async (component: string | undefined, _, command: Command) =>
      (await import('./commands/logs.ts')).logs(inputOf(command), component),
  );
  add(
    program,
    'prefetch',
    'only fill the cache; with --bundle DIR also write a folder for `up --bundle DIR` without a network',
  ).action(async (_, command: Command) => (await import('./commands/prefetch.ts')).prefetch(inputOf(command)));

  const config = program.command('config').description('show, describe and check configuration');
  add(config, 'show', 'print the settings in force')
    .option('--origin', 'say where each comes from', false)
    .action(async (options, command: Command) =>
      (await import('./commands/config.ts')).showConfig(inputOf(command), options),
    );
  config
    .command('schema')
    .description('print the JSON schema of taskgate.yaml, for editors')
    .option('--json', 'it is JSON anyway')
    .action(async () => (await import('./commands/config.ts')).printSchema());
  add(
    config,
    'validate <file>',
    "check a master.yaml or devcluster.yaml by the master's own rules and stricter ones",
  ).action(async (file: string, _, command: Command) => {
    const isValid = await (await import('./commands/config.ts')).validateConfig(inputOf(command), file);
    exitCode = isValid ? 0 : 1;
  });
  program
    .command('help [command]')
    .description("show a command's help, or with 'settings' all settings")
    .action((name: string | undefined) => {
      if (name === 'settings') return void process.stdout.write(`${describeSettings()}\n`);
      const known = program.commands.find((command) => command.name() === name);
      if (name !== undefined && !known) program.error(`error: unknown command '${name}'`);
      return (known ?? program).help();
    });
  return { program, exitCode: () => exitCode };
};

/** Ends the work in an orderly way at the first signal; the second one ends the process as usual. */
const listenForSignals = (controller: AbortController) => {
  const listeners = (['SIGINT', 'SIGTERM'] as const).map((signal: EndingSignal) => {
    const stop = () => process.off(signal, listener);
    const listener = () => {
      if (!controller.signal.aborted) return controller.abort(new Interrupted(signal));
      stop();
      process.kill(process.pid, signal);
    };
    // not `once`: signal-exit, which execa brings, ends the process when it finds no listener but its own
    process.on(signal, listener);
    return stop;
  });
  return () => {
    for (const stop of listeners) stop();
  };
};

/** A live list needs a terminal that it fits into. */
const isWideTerminal = ({ isTTY, columns }: NodeJS.WriteStream): boolean => isTTY === true && columns >= 40;

const wantsJson = (args: readonly string[]): boolean => args.includes('--json');

const isHelp = ({ exitCode }: CommanderError): boolean => exitCode === 0;

/** `taskgate status | head` closes our stdout early; that is no fault. */
const allowClosedOutput = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      if (!hasCode(error, 'EPIPE')) throw error;
    });
  }
};

/** Runs one command line and gives its exit code; everything thrown has been shown by then. */
export const main = async (args: readonly string[]): Promise<number> => {
  allowClosedOutput();
  const controller = new AbortController();
  const stopListening = listenForSignals(controller);
  const { program, exitCode } = buildProgram(args, controller.signal);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode();
  } catch (error) {
    const isJson = wantsJson(args);
    if (!(error instanceof CommanderError)) return reportError(await explain(error, process.env), isJson);
    if (isHelp(error)) return 0;
    // without --json commander has told it already
    return isJson ? reportError(commandLineError(error), isJson) : exitCodes.usage;
  } finally {
    stopListening();
  }
};
