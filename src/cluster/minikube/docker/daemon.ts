import { messageOf, UserError } from '../../../lib/errors.ts';
import { isFields, itemsOf, parseFields } from '../../../lib/json.ts';
import { type Command, CommandError, type Runner } from '../../../lib/process/runner.ts';

const deadlineMs = 10_000;

/** Whether a driver of Minikube needs the Docker daemon. */
export const usesDocker = (driver: string): boolean => driver === 'docker';

export const dockerVersionCommand: Command = ['docker', 'version', '--format', '{{.Server.Version}}'];

const dockerFailure = (error: unknown): unknown => {
  if (!(error instanceof CommandError)) return error;
  const { exitCode, stderr, timedOut } = error;
  const fail = (message: string, what: string, hint: string) =>
    new UserError(message, { id: `environment.docker-${what}`, hint, cause: error });
  const start = 'start it, for example: sudo systemctl start docker';
  if (timedOut) return fail(`the Docker daemon did not answer within ${deadlineMs / 1_000} s`, 'not-running', start);
  if (exitCode === undefined) {
    const hint = 'install Docker, or use another driver with --minikube-driver, or --provider native';
    return fail("the program 'docker' was not found", 'missing', hint);
  }
  const reason = stderr.trim().split('\n').at(-1) ?? '';
  if (/permission denied/i.test(stderr)) {
    return fail(`Docker refuses this user: ${reason}`, 'refused', 'add the user to the group docker and log in again');
  }
  return fail(`the Docker daemon does not answer: ${reason}`, 'not-running', start);
};

/**
 * Throws UserError `environment.docker-*` unless the daemon answers. Called before minikube: if the daemon is down,
 * minikube reports the same state as for a removed container, and reports that a deletion succeeded.
 */
export const verifyDocker = async (runner: Runner, signal?: AbortSignal): Promise<void> => {
  try {
    await runner(dockerVersionCommand, { timeoutMs: deadlineMs, ...(signal && { signal }) });
  } catch (error) {
    signal?.throwIfAborted();
    throw dockerFailure(error);
  }
};

export type DockerInfo = {
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly OperatingSystem: string;
  readonly SecurityOptions?: readonly string[] | null;
  readonly KernelVersion?: string;
};

export const dockerInfoCommand: Command = ['docker', 'info', '--format', '{{json .}}'];

/** `info` of podman-docker is Podman's own; a docker that talks to Podman's socket shows where Podman keeps its data. */
const isPodman = ({ host, store, DockerRootDir }: Readonly<Record<string, unknown>>): boolean =>
  (isFields(host) && isFields(store)) ||
  (typeof DockerRootDir === 'string' && /containers\/storage/.test(DockerRootDir));

const podman = (): UserError =>
  new UserError("the program 'docker' is Podman, with which Minikube's docker driver does not work", {
    id: 'environment.docker-is-podman',
    hint: 'use it as what it is, --minikube-driver podman; or --provider native; or install Docker',
  });

/**
 * Throws UserError `environment.docker-not-running` for what is no answer of a daemon, `environment.docker-is-podman` for
 * Podman's.
 */
export const parseDockerInfo = (text: string): DockerInfo => {
  const fields = parseFields(text);
  if (isPodman(fields)) throw podman();
  const { NCPU, MemTotal, OperatingSystem, SecurityOptions, KernelVersion } = fields;
  if (typeof NCPU === 'number' && typeof MemTotal === 'number') {
    const options = itemsOf(SecurityOptions).filter((option) => typeof option === 'string');
    return {
      NCPU,
      MemTotal,
      OperatingSystem: typeof OperatingSystem === 'string' ? OperatingSystem : '',
      SecurityOptions: options,
      ...(typeof KernelVersion === 'string' && { KernelVersion }),
    };
  }
  throw new UserError(`docker info gives no facts of a daemon: ${JSON.stringify(text.slice(0, 80))}`, {
    id: 'environment.docker-not-running',
    hint: 'make sure that docker info works, then run it again',
  });
};

/** Throws UserError `environment.docker-*` if the daemon does not answer. */
export const getDockerInfo = async (runner: Runner): Promise<DockerInfo> => {
  const { stdout } = await runner(dockerInfoCommand, { timeoutMs: deadlineMs }).catch((error) => {
    throw dockerFailure(error);
  });
  return parseDockerInfo(stdout);
};

const label = (profile: string): string => `label=name.minikube.sigs.k8s.io=${profile}`;

/** Commands that list a profile's Docker objects by minikube's label. */
export const leftoverCommands = (profile: string): Readonly<Record<string, Command>> => ({
  container: ['docker', 'ps', '--all', '--filter', label(profile), '--format', '{{.Names}}'],
  volume: ['docker', 'volume', 'ls', '--filter', label(profile), '--format', '{{.Name}}'],
  network: ['docker', 'network', 'ls', '--filter', label(profile), '--format', '{{.Name}}'],
});

const listObjects = async (runner: Runner, profile: string, command: Command): Promise<readonly string[]> => {
  const { stdout } = await runner(command, { timeoutMs: deadlineMs }).catch((error) => {
    throw new UserError(`cannot list the Docker objects of ${profile}: ${messageOf(error)}`, {
      id: 'environment.docker-not-running',
      hint: 'make sure that docker ps works, then run it again',
      cause: error,
    });
  });
  return stdout.split('\n').filter(Boolean);
};

/** Containers, volumes and networks of a profile that still exist. */
export const findLeftovers = async (runner: Runner, profile: string): Promise<readonly string[]> => {
  const lists = Object.entries(leftoverCommands(profile)).map(async ([kind, command]) =>
    (await listObjects(runner, profile, command)).map((name) => `${kind} ${name}`),
  );
  return (await Promise.all(lists)).flat();
};

export const containerIdsCommand = (profile: string): Command => [
  'docker',
  ...['ps', '--all', '--no-trunc', '--filter', label(profile), '--format', '{{.ID}} {{.Names}}'],
];

/** Docker's id of the container of a profile's first node, which has the profile's name; undefined if there is none. */
export const findContainerId = async (runner: Runner, profile: string): Promise<string | undefined> => {
  const lines = await listObjects(runner, profile, containerIdsCommand(profile));
  return lines.map((line) => line.split(' ')).find(([, name]) => name === profile)?.[0];
};
