import { reportError } from '../../src/cli/report-error.ts';
import { listenForSignals } from '../../src/cli/signals.ts';
import { UserError } from '../../src/lib/errors.ts';
import { runInTerminal } from '../../src/lib/process/runner.ts';
import { untilAborted } from '../../src/lib/wait.ts';
import { makeSay, type Say } from '../rig/progress.ts';
import { parseVmArguments, usage, type Verb, type VmArguments } from './arguments.ts';
import { findMachines, type Machine, startMachine } from './machine.ts';
import { runScenarios } from './scenarios/run.ts';
import { type Access, inCheckout, sshCommand, user } from './ssh.ts';

type Run = VmArguments & { readonly say: Say; readonly signal: AbortSignal };

const inTerminal = (access: Access, command: readonly string[], signal: AbortSignal): Promise<number> =>
  runInTerminal(sshCommand(access, command, process.stdin.isTTY ? ['-t'] : []), {
    signal,
    terminate: async (pid) => process.kill(pid, 'SIGTERM'),
  });

const start = ({ say, signal, memoryMiB, cpus, isOnline }: Run): Promise<Machine> =>
  startMachine({ env: process.env, memoryMiB, cpus, isOnline }, { say, signal });

/** Runs something in a machine that ends afterwards. */
const inMachine = async (run: Run, use: (machine: Machine) => Promise<number>): Promise<number> => {
  const machine = await start(run);
  try {
    return await use(machine);
  } finally {
    await machine.end();
    run.say('the machine has ended');
  }
};

const keep = (run: Run): Promise<number> =>
  inMachine(run, async ({ ended }) => {
    run.say('`npm run vm -- ssh` logs in; Ctrl-C ends the machine');
    const end = await Promise.race([ended, untilAborted(run.signal).catch(() => undefined)]);
    if (end !== undefined) run.say(`qemu ${end}`);
    return end === undefined ? 0 : 1;
  });

const logIn = async ({ rest, signal }: Run): Promise<number> => {
  const [access] = await findMachines(process.env);
  if (access !== undefined) return inTerminal(access, rest, signal);
  throw new UserError('no virtual machine runs', { id: 'environment.machine', hint: 'start one: npm run vm -- up' });
};

/** The suites need root; the artifacts are the user's. */
const suiteCommand = (files: readonly string[]) =>
  inCheckout([
    ...['sudo', 'env', `XDG_CACHE_HOME=/home/${user}/.cache`],
    ...['node_modules/.bin/vitest', 'run', '--project', 'e2e', ...files],
  ]);

const actions: Readonly<Record<Verb, (run: Run) => Promise<number>>> = {
  up: keep,
  ssh: logIn,
  test: (run) => inMachine(run, (machine) => inTerminal(machine, suiteCommand(run.rest), run.signal)),
  run: (run) => inMachine(run, (machine) => inTerminal(machine, inCheckout(run.rest), run.signal)),
  scenario: (run) => runScenarios(run.rest, { say: run.say, signal: run.signal, start: () => start(run) }),
};

/** Runs a command line and gives its exit code: that of the command in the machine, where there was one. */
export const vm = async (args: readonly string[]): Promise<number> => {
  const given = args[0] === '--' ? args.slice(1) : args;
  if (given.length === 0 || given[0] === '--help') {
    process.stderr.write(usage);
    return given.length === 0 ? 2 : 0;
  }
  const controller = new AbortController();
  const stopListening = listenForSignals(controller);
  try {
    return await actions[parseVmArguments(given).verb]({
      ...parseVmArguments(given),
      say: makeSay('vm'),
      signal: controller.signal,
    });
  } catch (error) {
    return reportError(error, false);
  } finally {
    stopListening();
  }
};
