import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../lib/errors.ts';
import type { Runner } from '../../lib/process/runner.ts';
import { bySystemPath, systemPath } from '../../lib/process/system-path.ts';
import type { Obstacle } from '../provider.ts';
import { parseHierarchies } from './isolation/cgroups.ts';
import { namespaceFlags } from './isolation/namespaces.ts';

/** Programs of the host that the native provider calls, and the Debian package of each. */
const tools = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  pivot_root: 'util-linux',
  setpriv: 'util-linux',
  mount: 'mount',
  ip: 'iproute2',
  sh: 'dash',
} as const;

/** The relevant facts about the machine; read first, so that the judgement is a pure function. */
export type Machine = {
  readonly platform: string;
  readonly uid: number;
  readonly missingTools: readonly string[];
  readonly instanceDir: string;
  readonly cacheDir: string;
  /** Why an attempt to create namespaces failed. */
  readonly unshareProblem?: string;
  readonly unwritableCgroups: readonly string[];
};

type Rule = (machine: Machine) => Obstacle | false;

const isRoot: Rule = ({ uid }) =>
  uid !== 0 && {
    what: `the native provider creates namespaces, cgroups and a network link, which needs root; this is uid ${uid}`,
    hint: 'run it as root, or allow sudo without a password for this user',
  };

const isShown: Rule = ({ instanceDir, cacheDir }) => {
  const hidden = [instanceDir, cacheDir].find((folder) => folder.startsWith('/run/'));
  if (hidden === undefined) return false;
  const hint = 'set XDG_STATE_HOME and XDG_CACHE_HOME to folders on a disk';
  return { what: `the folder ${hidden} is below /run, which the node hides`, hint };
};

const canUnshare: Rule = ({ unshareProblem }) =>
  unshareProblem !== undefined && {
    what: `namespaces cannot be created: ${unshareProblem}`,
    hint: 'in a container, grant the privileges that namespaces and mounts need',
  };

const canWriteCgroups: Rule = ({ unwritableCgroups: [path] }) =>
  path !== undefined && {
    what: `the cgroup hierarchy ${path} is not writable`,
    hint: 'in a container, mount the cgroup filesystem writable',
  };

const rules: readonly Rule[] = [isRoot, isShown, canUnshare, canWriteCgroups];

/** All obstacles to a native cluster on this machine. */
export const judgeMachine = (machine: Machine): readonly Obstacle[] => {
  const { platform, missingTools } = machine;
  if (platform !== 'linux') {
    return [{ what: `the native provider runs on Linux only, this is ${platform}`, hint: 'use a Linux machine or VM' }];
  }
  const missing = missingTools.map((tool) => ({
    what: `the program '${tool}' was not found in ${systemPath.join(', ')}`,
    hint: `install the package ${tools[tool as keyof typeof tools]}`,
  }));
  return [...missing, ...rules.map((rule) => rule(machine)).filter((obstacle) => obstacle !== false)];
};

const isInstalled = async (tool: string): Promise<boolean> => {
  const tries = await Promise.allSettled(systemPath.map((folder) => access(join(folder, tool), constants.X_OK)));
  return tries.some(({ status }) => status === 'fulfilled');
};

/** Runs `true` in namespaces like a node's. */
const tryUnshare = async (runner: Runner): Promise<string | undefined> => {
  try {
    await bySystemPath(runner)(['unshare', ...namespaceFlags, 'true'], { timeoutMs: 10_000 });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
};

const findUnwritableCgroups = async (): Promise<readonly string[]> => {
  const paths = parseHierarchies(await readFile('/proc/self/mountinfo', 'utf8')).map(({ path }) => path);
  const tries = await Promise.allSettled(paths.map((path) => access(path, constants.W_OK)));
  return paths.filter((_, index) => tries[index]?.status === 'rejected');
};

export type VerifyInput = {
  readonly instanceDir: string;
  readonly cacheDir: string;
  readonly runner: Runner;
  /** Judges as if this were root, before sudo is used. */
  readonly asRoot?: boolean;
};

/** The obstacles to a native cluster with these folders on this machine. Changes nothing. */
export const verifyMachine = async (input: VerifyInput): Promise<readonly Obstacle[]> => {
  const { runner, asRoot = false, ...folders } = input;
  const { platform } = process;
  if (platform !== 'linux') return judgeMachine({ ...unknownMachine, ...folders, platform });
  const found = await Promise.all(Object.keys(tools).map(isInstalled));
  const missingTools = Object.keys(tools).filter((_, index) => !found[index]);
  const isRealRoot = process.getuid?.() === 0;
  const canTry = isRealRoot && !missingTools.includes('unshare');
  const unshareProblem = canTry ? await tryUnshare(runner) : undefined;
  return judgeMachine({
    ...folders,
    platform,
    missingTools,
    uid: asRoot ? 0 : (process.getuid?.() ?? -1),
    unwritableCgroups: isRealRoot ? await findUnwritableCgroups() : [],
    ...(unshareProblem && { unshareProblem }),
  });
};

const unknownMachine = { uid: -1, missingTools: [], unwritableCgroups: [] };
