import { cpus, totalmem } from 'node:os';
import { UserError } from '../../lib/errors.ts';
import { parseFields } from '../../lib/json.ts';
import { CommandError, type Runner } from '../../lib/process/runner.ts';
import type { Findings, Obstacle } from '../provider.ts';
import { minikubeMissing } from './call.ts';
import { getDockerInfo, usesDocker, verifyDocker } from './docker/daemon.ts';
import { findFarNode, isPublishable } from './docker/place.ts';
import { judgeNodes } from './nodes.ts';
import type { MinikubeSpec } from './spec.ts';

/** The first release that supports Kubernetes 1.34. */
const oldest = [1, 37] as const;
/** The newest release that taskgate was tested with. */
const newestKnown = [1, 38] as const;

/** Minikube's own minimum, which it does not check with --force, and root needs --force. */
const leastCpus = 2;
const leastMemoryMb = 1_800;

/** The facts about this machine that matter to Minikube. */
export type MinikubeMachine = {
  readonly version: string;
  readonly cpus: number;
  readonly memoryMb: number;
  /** Why task ports may be unreachable from this host; undefined if the node is reached, or its ports can be published. */
  readonly unreachableBecause?: string;
};

type Wanted = Pick<MinikubeSpec, 'cpus' | 'memoryMb' | 'driver'> & Partial<Pick<MinikubeSpec, 'startArgs'>>;

const parseVersion = (version: string): readonly [number, number] => {
  const [, major = '0', minor = '0'] = /v?(\d+)\.(\d+)/.exec(version) ?? [];
  return [Number(major), Number(minor)];
};

const isOlder = (a: readonly [number, number], b: readonly [number, number]): boolean =>
  a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);

const judgeAmount = (what: string, wanted: number, { least, there }: { least: number; there: number }) => {
  if (wanted < least)
    return [{ what: `${what}: ${wanted} wanted, Minikube needs ${least}`, hint: `set ${least} or more` }];
  if (wanted <= there) return [];
  const hint = 'set less, or give Docker or this machine more';
  return [{ what: `${what}: ${wanted} wanted, ${there} available`, hint }];
};

/** Everything that prevents a Minikube cluster, and notes for the user. */
export const judgeMinikube = (machine: MinikubeMachine, wanted: Wanted): Findings => {
  const version = parseVersion(machine.version);
  const tooOld = isOlder(version, oldest) && {
    what: `Minikube ${machine.version} is too old: this Kubernetes version needs ${oldest.join('.')} or newer`,
    hint: 'update Minikube, or add --install-minikube',
  };
  const newer =
    isOlder(newestKnown, version) &&
    `Minikube ${machine.version} is newer than the version that taskgate was tested with (${newestKnown.join('.')})`;
  const unreachable =
    machine.unreachableBecause && `Minikube's node may not be reachable from this host: ${machine.unreachableBecause}`;
  return {
    obstacles: [
      ...(tooOld ? [tooOld] : []),
      ...judgeAmount('CPUs', wanted.cpus, { least: leastCpus, there: machine.cpus }),
      ...judgeAmount('memory in MB', wanted.memoryMb, { least: leastMemoryMb, there: machine.memoryMb }),
      ...judgeNodes(wanted.startArgs ?? []),
    ],
    notes: [newer, unreachable].filter((note) => typeof note === 'string'),
  };
};

const mebi = 1024 * 1024;

const amounts = { cpus: cpus().length, memoryMb: Math.floor(totalmem() / mebi) };

const inspectMachine = async (runner: Runner, driver: string): Promise<Omit<MinikubeMachine, 'version'>> => {
  if (usesDocker(driver)) await verifyDocker(runner);
  const info = usesDocker(driver) ? await getDockerInfo(runner) : undefined;
  const far = await findFarNode(runner, driver, info ?? {});
  return {
    ...(info ? { cpus: info.NCPU, memoryMb: Math.floor(info.MemTotal / mebi) } : amounts),
    ...(far && !isPublishable(driver, far) && { unreachableBecause: far.because }),
  };
};

/** Throws UserError `environment.minikube-missing` or `environment.minikube-broken`. */
const getVersion = async (runner: Runner, program: string): Promise<string> => {
  try {
    const { stdout } = await runner([program, 'version', '--output=json'], { timeoutMs: 20_000 });
    const { minikubeVersion } = parseFields(stdout);
    if (typeof minikubeVersion === 'string') return minikubeVersion;
    throw new SyntaxError(`it prints ${JSON.stringify(stdout.slice(0, 80))}`);
  } catch (error) {
    if (error instanceof CommandError && error.message.includes('ENOENT')) throw minikubeMissing(program, error);
    if (!(error instanceof CommandError) && !(error instanceof SyntaxError)) throw error;
    throw new UserError(`the program '${program}' does not report its version: ${error.message}`, {
      id: 'environment.minikube-broken',
      hint: `see the output of: ${program} version; reinstall it, or use --provider native`,
      cause: error,
    });
  }
};

const asObstacle = (error: unknown): Obstacle => {
  if (error instanceof UserError) return { what: error.message, hint: error.hint ?? '' };
  throw error;
};

export type VerifyMinikubeInput = {
  readonly runner: Runner;
  /** Name or path of minikube. */
  readonly program: string;
  readonly spec: Wanted;
};

/** Checks what prevents a Minikube cluster on this machine, and collects notes for the user. Changes nothing. */
export const verifyMinikube = async ({ runner, program, spec }: VerifyMinikubeInput): Promise<Findings> => {
  const asked = [getVersion(runner, program), inspectMachine(runner, spec.driver)] as const;
  const [version, machine] = await Promise.allSettled(asked);
  if (version.status === 'fulfilled' && machine.status === 'fulfilled') {
    return judgeMinikube({ version: version.value, ...machine.value }, spec);
  }
  const failures = [version, machine].flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  return { obstacles: failures.map(asObstacle), notes: [] };
};
