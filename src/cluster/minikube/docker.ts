import { messageOf, UserError } from '../../lib/errors.ts';
import { type Command, CommandError, type Runner } from '../../lib/process/runner.ts';

const deadlineMs = 10_000;

/** Whether a driver of Minikube's leans on the Docker daemon. */
export const usesDocker = (driver: string): boolean => driver === 'docker';

export const dockerVersionCommand: Command = ['docker', 'version', '--format', '{{.Server.Version}}'];

const dockerFailure = (error: unknown): unknown => {
  if (!(error instanceof CommandError)) return error;
  const { exitCode, stderr, timedOut } = error;
  const fail = (message: string, what: string, hint: string) =>
    new UserError(message, { id: `environment.docker-${what}`, hint, cause: error });
  const start = 'start it, for instance: sudo systemctl start docker';
  if (timedOut) return fail(`the Docker daemon did not answer within ${deadlineMs / 1_000} s`, 'not-running', start);
  if (exitCode === undefined) {
    const hint = 'install Docker, or choose another driver with --minikube-driver, or --provider native';
    return fail("the program 'docker' was not found", 'missing', hint);
  }
  const said = stderr.trim().split('\n').at(-1) ?? '';
  if (/permission denied/i.test(stderr)) {
    return fail(`Docker refuses this user: ${said}`, 'refused', 'add the user to the group docker and log in again');
  }
  return fail(`the Docker daemon does not answer: ${said}`, 'not-running', start);
};

/**
 * Throws UserError `environment.docker-*` unless the daemon answers. Asked before minikube is: with a daemon that is down
 * it shows the same state as for a container that is gone, and says of a deletion that it succeeded.
 */
export const verifyDocker = async (runner: Runner, signal?: AbortSignal): Promise<void> => {
  try {
    await runner(dockerVersionCommand, { timeoutMs: deadlineMs, ...(signal && { signal }) });
  } catch (error) {
    signal?.throwIfAborted();
    throw dockerFailure(error);
  }
};

/** What the daemon is like. */
export type DockerInfo = {
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly OperatingSystem: string;
  readonly SecurityOptions?: readonly string[] | null;
};

export const dockerInfoCommand: Command = ['docker', 'info', '--format', '{{json .}}'];

/** Throws UserError `environment.docker-*` where the daemon does not tell. */
export const getDockerInfo = async (runner: Runner): Promise<DockerInfo> => {
  const { stdout } = await runner(dockerInfoCommand, { timeoutMs: deadlineMs }).catch((error) => {
    throw dockerFailure(error);
  });
  return JSON.parse(stdout) as DockerInfo;
};

const label = (profile: string): string => `label=name.minikube.sigs.k8s.io=${profile}`;

/** List what a profile has in Docker, by the label that minikube gives it. */
export const leftoverCommands = (profile: string): Readonly<Record<string, Command>> => ({
  container: ['docker', 'ps', '--all', '--filter', label(profile), '--format', '{{.Names}}'],
  volume: ['docker', 'volume', 'ls', '--filter', label(profile), '--format', '{{.Name}}'],
  network: ['docker', 'network', 'ls', '--filter', label(profile), '--format', '{{.Name}}'],
});

/** Containers, volumes and networks of a profile that are still there. */
export const findLeftovers = async (runner: Runner, profile: string): Promise<readonly string[]> => {
  const lists = Object.entries(leftoverCommands(profile)).map(async ([kind, command]) => {
    const { stdout } = await runner(command, { timeoutMs: deadlineMs }).catch((error) => {
      throw new UserError(`what is left of ${profile} in Docker cannot be seen: ${messageOf(error)}`, {
        id: 'environment.docker-not-running',
        hint: 'see that docker ps works, then run again',
        cause: error,
      });
    });
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((name) => `${kind} ${name}`);
  });
  return (await Promise.all(lists)).flat();
};
