import { Command, Option } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import type { CommandInput } from '../commands/command.ts';
import { envFormats } from '../commands/env/formats.ts';
import { exposureFormats } from '../commands/exposure/formats.ts';
import { plainLines } from '../lib/text/plain.ts';
import { addCache } from './cache-commands.ts';
import { addConfig } from './config-commands.ts';
import { describeSettings, readFlags } from './flags.ts';
import { addImages } from './groups/images.ts';
import { addMasterCommands } from './master-commands.ts';
import { add, type Shared, withReset } from './shared.ts';
import { addTunnel } from './tunnel-commands.ts';

export type ProgramInput = {
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  /** With it the one error on stderr is taskgate's JSON, not commander's text. */
  readonly isJson: boolean;
};

/**
 * Commands are imported when they are called: `--help` must not wait for the Kubernetes client.
 * Tested in test/golden/command-line.test.ts.
 */
export const buildProgram = ({ args, signal, isJson }: ProgramInput) => {
  const program = new Command('taskgate')
    .description("A Kubernetes cluster in which Determined's Internal Task Gateway works, proven hop by hop")
    .version(packageJson.version)
    .exitOverride()
    .configureOutput({
      writeErr: isJson ? () => undefined : (text) => void process.stderr.write(plainLines(text)),
      // reported by main, with what was probably meant
      outputError: () => undefined,
    })
    .showSuggestionAfterError(false)
    .helpCommand(false);
  const exit = { code: 0 };
  const input = (command: Command): CommandInput => ({
    flags: readFlags(command),
    invocation: { args, env: process.env, cwd: process.cwd(), signal, isTerminal: isWideTerminal(process.stderr) },
  });
  const groups = [addLifeCycle, addViews, addTunnel, addGateway, addImages, addMasterCommands, addConfig, addCache];
  for (const addGroup of groups) addGroup(program, { input, exit });
  addHelp(program);
  return { program, exitCode: () => exit.code };
};

/** A live list needs a terminal that it fits into. */
const isWideTerminal = ({ isTTY, columns }: NodeJS.WriteStream): boolean => isTTY === true && columns >= 40;

const addLifeCycle = (program: Command, { input, exit }: Shared): void => {
  const upCommand = add(
    program,
    'up',
    'make the cluster, install Contour and the Gateway, write the master configuration, prove the path',
  );
  withReset(upCommand)
    .option('--ci', 'for CI jobs: no live list', false)
    .option('--timeout <duration>', 'deadline of the whole, such as 20m; the same as --timeouts-up-seconds')
    .option('--env-file <file>', 'write the variables of `taskgate env` there, as dotenv')
    .option('--junit <file>', 'write steps and hops there, as JUnit XML')
    .action(async (options, command: Command) => {
      exit.code = await (await import('../commands/up/up.ts')).up(input(command), options);
    });
  add(program, 'down', 'remove everything that belongs to an instance')
    .option('--force', 'name and forget what cannot be removed: a cluster that is gone, a damaged record', false)
    .option('--purge-cache', 'remove the cache of programs and images too', false)
    .option('--if-exists', 'an instance that is not there is no error', false)
    .option('--wait-for-tasks <duration>', "first wait until a master's tasks in its cluster have ended, such as 20m")
    .option('--forget-routes', 'take back the unreachable routes of instances that are gone, too', false)
    .action(async (options, command: Command) => {
      exit.code = await (await import('../commands/down/down.ts')).down(input(command), options);
    });
  add(
    program,
    'prefetch',
    'only fill the cache; with --bundle DIR also write a folder for `up --bundle DIR` without a network',
  ).action(async (_, command: Command) => (await import('../commands/prefetch/prefetch.ts')).prefetch(input(command)));
  add(program, 'smoke', 'expose a sample task as the master does, reach it both ways, remove it')
    .option('--closed', 'show only the connections that must fail', false)
    .option('--master <url>', 'have a real master run a command instead, and reach it through its proxy')
    .option('--master-user <name>', 'who logs in there', 'admin')
    .option('--master-image <image>', 'with bash, tar, python3 and determined in it (default: the one of the master)')
    .option('--master-pool <pool>', 'resource pool of the command (default: the one of the master)')
    .option('--master-password-file <file>', "0600 file with the password (default: DET_PASS, else the instance's own)")
    .action(async (options, command: Command) =>
      (await import('../commands/smoke/smoke.ts')).smoke(input(command), options),
    );
  addChaos(program, { input, exit });
};

const addChaos = (program: Command, { input, exit }: Shared): void => {
  add(
    program,
    'chaos',
    'break one part at a time of an instance on purpose while tasks come and go, and prove that it recovers',
  )
    .option('--scenario <name>', 'what is broken: names with commas between, all that apply, or list', 'all')
    .option('--minutes <minutes>', 'go on in turn for so long (default: each scenario once)')
    .option('--seed <number>', 'the order of another run, which printed it')
    .option('--slack <factor>', 'allow so many times the stated times: for a machine with other work (default: 1)')
    .option('--junit <file>', 'write each fault there, as JUnit XML')
    .action(async (options, command: Command) => {
      exit.code = await (await import('../commands/chaos/chaos.ts')).chaos(input(command), options);
    });
};

const addViews = (program: Command, { input }: Shared): void => {
  add(program, 'status', 'show the instances and what is wrong with them')
    .option('--watch', 'print again whenever something has changed, until interrupted', false)
    .action(async (options, command: Command) =>
      (await import('../commands/status/status.ts')).status(input(command), options),
    );
  add(program, 'exposure', 'show what is reachable, from where, by what protection, until when')
    .addOption(
      new Option('--format <format>', 'a table, JSON, or rules for a firewall')
        .choices(exposureFormats)
        .default('table'),
    )
    .action(async (options, command: Command) =>
      (await import('../commands/exposure/exposure.ts')).exposure(input(command), options),
    );
  add(program, 'env', 'print variables, for a shell: eval "$(taskgate env)"')
    .addOption(new Option('--format <format>', 'how they are written').choices(envFormats).default('bash'))
    .action(async (options, command: Command) => (await import('../commands/env/env.ts')).env(input(command), options));
  add(program, 'logs [component]', "print the log of one of the instance's processes, or their names").action(
    async (component: string | undefined, _, command: Command) =>
      (await import('../commands/logs/logs.ts')).logs(input(command), component),
  );
};

const addGateway = (program: Command, { input }: Shared): void => {
  const gateway = program.command('gateway').description('show and free what tasks hold that are no more');
  add(gateway, 'clean', 'show listeners and objects of tasks that are no more; with --yes free them')
    .option('--yes', 'free what is shown', false)
    .option('--ended', 'also of tasks whose Job has finished and is still there, where no master answers', false)
    .action(async (options, command: Command) =>
      (await import('../commands/gateway/clean.ts')).gatewayClean(input(command), options),
    );
};

const addHelp = (program: Command): void => {
  program
    .command('help [command]')
    .description("show a command's help, or with 'settings' all settings")
    .action((name: string | undefined) => {
      if (name === 'settings') return void process.stdout.write(`${describeSettings()}\n`);
      const known = program.commands.find((command) => command.name() === name);
      if (name !== undefined && !known) program.error(`error: unknown command '${name}'`);
      return (known ?? program).help();
    });
};
