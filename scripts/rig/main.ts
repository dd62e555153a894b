import { join } from 'node:path';
import { reportError } from '../../src/cli/report-error.ts';
import { listenForSignals } from '../../src/cli/signals.ts';
import { type Command, execaRunner, runInTerminal } from '../../src/lib/process/runner.ts';
import { buildRig, type Rig } from './build.ts';
import { startDocker } from './docker.ts';
import { insideCommand, insideEnvironment, terminateInside } from './inside.ts';
import { hasMinikube } from './installed.ts';
import { makeSay, type Say } from './progress.ts';

const usage = `Usage: node scripts/rig.ts [--] COMMAND...
       node scripts/rig.ts --build-only

Runs a command where \`minikube start --driver=docker\` works. On a machine with Docker and Minikube that is this machine
as it is; anywhere else a Docker daemon and Minikube are built once, into a cache, and the command runs inside private
namespaces with them. --build-only fills the cache. Needs root, Go, a C compiler and Debian's apt.
`;

const isHelp = (args: readonly string[]): boolean => args[0] === '--help';

const runInside = async (rig: Rig, command: readonly string[], { say, signal }: { say: Say; signal: AbortSignal }) => {
  const { pid, end } = await startDocker(rig, { say, signal });
  try {
    const place = { cwd: process.cwd(), env: insideEnvironment(rig, process.env['PATH'] ?? '') };
    return await runInTerminal(insideCommand(pid, command, place), { signal, terminate: terminateInside });
  } finally {
    await end();
    say('all that ran inside has ended');
  }
};

const runHere = ([program, ...args]: Command, signal: AbortSignal): Promise<number> =>
  runInTerminal(['env', 'TEST_MINIKUBE_RIG=installed', program, ...args], {
    signal,
    terminate: async (pid) => process.kill(pid, 'SIGTERM'),
  });

const run = async (args: readonly string[], signal: AbortSignal): Promise<number> => {
  const say = makeSay('rig');
  const [program, ...rest] = args[0] === '--' ? args.slice(1) : args;
  if (program === '--build-only') {
    const { cacheDir } = await buildRig(process.env, say, signal);
    say(`all is in ${join(cacheDir, 'items')}`);
    return 0;
  }
  if (program === undefined) return 2;
  if (await hasMinikube(execaRunner, signal)) return runHere([program, ...rest], signal);
  return runInside(await buildRig(process.env, say, signal), [program, ...rest], { say, signal });
};

/** Runs a command line and gives its exit code: that of the command, where there was one. */
export const rig = async (args: readonly string[]): Promise<number> => {
  if (args.length === 0 || isHelp(args)) {
    process.stderr.write(usage);
    return isHelp(args) ? 0 : 2;
  }
  const controller = new AbortController();
  const stopListening = listenForSignals(controller);
  try {
    return await run(args, controller.signal);
  } catch (error) {
    return reportError(error, false);
  } finally {
    stopListening();
  }
};
