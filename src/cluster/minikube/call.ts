// Tested in test/cluster/minikube/minikube.test.ts
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { instancePaths } from '../../instance/paths.ts';
import { UserError } from '../../lib/errors.ts';
import { CommandError, type Runner, type RunResult } from '../../lib/process/runner.ts';
import type { StepLimits } from '../provider.ts';
import type { Args } from './commands.ts';
import { minikubeFailure } from './failures.ts';

/** The minikube program to call, and the instance to call it for. */
export type Minikube = { readonly program: string; readonly instanceDir: string; readonly runner: Runner };

export type CallOptions = Partial<StepLimits> & { readonly onLine?: (line: string) => void };

const askMs = 60_000;

export const minikubeMissing = (program: string, cause?: unknown): UserError =>
  new UserError(`the program '${program}' was not found`, {
    id: 'environment.minikube-missing',
    hint: 'install Minikube, or add --install-minikube, or --provider native',
    cause,
  });

const noNotices = { MINIKUBE_WANTUPDATENOTIFICATION: 'false', MINIKUBE_WANTREPORTERRORPROMPT: 'false' };

/**
 * The user's own MINIKUBE_* variables count as flags that were left out. Those that would make another cluster than the one
 * that the settings describe are emptied, which minikube takes for unset.
 */
const ownVariables = Object.fromEntries(
  [
    ...['NODES', 'HA', 'PORTS', 'CNI', 'NETWORK_PLUGIN', 'ENABLE_DEFAULT_CNI', 'FEATURE_GATES', 'APISERVER_PORT'],
    ...['NO_KUBERNETES', 'DRY_RUN', 'DOWNLOAD_ONLY', 'DELETE_ON_FAILURE', 'OUTPUT', 'NAMESPACES', 'PURGE', 'ALL'],
  ].map((name) => [`MINIKUBE_${name}`, '']),
);

const failed = (error: CommandError, program: string, { timeoutMs = askMs }: CallOptions): RunResult => {
  const { exitCode, stdout, stderr, timedOut, message } = error;
  if (timedOut) {
    throw new UserError(`${error.command.slice(0, 3).join(' ')} did not finish within ${timeoutMs / 1_000} s`, {
      id: 'cluster.minikube-timeout',
      hint: 'give it more time with --timeouts-stage-seconds',
      cause: error,
    });
  }
  if (exitCode !== undefined) return { exitCode, stdout, stderr };
  if (message.includes('ENOENT')) throw minikubeMissing(program, error);
  throw new UserError(`minikube was terminated: ${message}`, {
    id: 'cluster.minikube-killed',
    hint: 'was it killed, or did this machine run out of memory (see dmesg)? Run up again',
    cause: error,
  });
};

/** Calls minikube and returns its result with any exit code. Throws if it is missing, terminated or too slow. */
export const askMinikube = async (
  { program, instanceDir, runner }: Minikube,
  args: Args,
  options: CallOptions = {},
): Promise<RunResult> => {
  const { signal, timeoutMs = askMs, onLine } = options;
  const { minikubeLogsDir, kubeconfigPath } = instancePaths(instanceDir);
  await mkdir(minikubeLogsDir, { recursive: true, mode: 0o700 });
  try {
    return await runner([program, `--log_dir=${minikubeLogsDir}`, ...args], {
      // keeps the user's kubeconfig unchanged
      env: { ...noNotices, ...ownVariables, KUBECONFIG: kubeconfigPath },
      timeoutMs,
      ...(signal && { signal }),
      ...(onLine && { onLine }),
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof CommandError) return failed(error, program, options);
    throw error;
  }
};

/** Calls minikube, writes its output to the instance's log, and throws a UserError that explains a failure. */
export const runMinikube = async (minikube: Minikube, args: Args, options: CallOptions = {}): Promise<RunResult> => {
  const { minikubeLogPath: logPath } = instancePaths(minikube.instanceDir);
  const lines = [`${new Date().toISOString()} minikube ${args.join(' ')}`];
  const onLine = (line: string) => {
    lines.push(line);
    options.onLine?.(line);
  };
  await mkdir(dirname(logPath), { recursive: true, mode: 0o700 });
  try {
    const result = await askMinikube(minikube, args, { ...options, onLine });
    lines.push(`exit code ${result.exitCode}`);
    if (result.exitCode !== 0) throw minikubeFailure({ what: `minikube ${args[0]}`, result, logPath });
    return result;
  } finally {
    // on a full disk the log is lost, not the work
    await appendFile(logPath, `${lines.join('\n')}\n`, { mode: 0o600 }).catch(() => undefined);
  }
};
