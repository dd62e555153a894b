import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../lib/errors.ts';
import { findTextFile } from '../../lib/files.ts';
import { type Runner, stoppedBy } from '../../lib/process/runner.ts';
import { bySystemPath, systemPath } from '../../lib/process/system-path.ts';
import type { Findings, Obstacle } from '../provider.ts';
import { type Hierarchy, parseHierarchies } from './isolation/cgroups.ts';
import { findUnshare } from './isolation/unshare.ts';
import { findMissingControllers, findSharedRoot } from './machine/controllers.ts';
import { findInotifyNote } from './machine/inotify.ts';
import { installHint, toolPackages } from './machine/packages.ts';
import { findOverlayProblem } from './machine/snapshotter.ts';
import { tryNode } from './machine/trial.ts';
import { withTrialFolder } from './machine/trial-folder.ts';

/** The relevant facts about the machine; read first, so that the judgement is a pure function. */
export type Machine = {
  readonly platform: string;
  readonly uid: number;
  readonly missingTools: readonly string[];
  readonly instanceDir: string;
  readonly cacheDir: string;
  /** Text of /etc/os-release. */
  readonly osRelease: string;
  /** Why an attempt to do what a node does failed, in the words of the program that did. */
  readonly trialProblem?: string;
  readonly unwritableCgroups: readonly string[];
  /** Controllers that a node needs and no hierarchy has. */
  readonly missingControllers: readonly string[];
  /** A cgroup that has to hand out controllers, but holds processes of others. */
  readonly sharedRoot?: string;
};

type Rule = (machine: Machine) => Obstacle | false;

const inContainer = 'in a container, start it with: docker run --privileged --cgroupns=private';

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

const hasControllers: Rule = ({ missingControllers }) =>
  missingControllers.length > 0 && {
    what: `no cgroup hierarchy that is mounted here has the controllers ${missingControllers.join(', ')}`,
    hint: `${inContainer}; elsewhere mount /sys/fs/cgroup, and see /proc/cgroups for those that the kernel was started without (cgroup_enable=memory)`,
  };

const canWriteCgroups: Rule = ({ unwritableCgroups: [path] }) =>
  path !== undefined && { what: `the cgroup hierarchy ${path} is not writable`, hint: inContainer };

const ownsRoot: Rule = ({ sharedRoot }) =>
  sharedRoot !== undefined && {
    what: `processes outside of this container are in its cgroup ${sharedRoot}, so that it cannot hand out controllers`,
    hint: inContainer,
  };

/** The program that knows no such option, such as busybox's or one of years ago. */
const oldProgram = (problem: string): string | undefined =>
  /(?:unrecogni[sz]ed|invalid|unknown|illegal) option/i.test(problem) ? /^([\w-]+): /.exec(problem)?.[1] : undefined;

const trialHint = (problem: string, osRelease: string): string => {
  const program = oldProgram(problem);
  if (program) return `${installHint(program, osRelease)}; the ${program} that is found here is too old, or busybox's`;
  if (problem.includes('No space left'))
    return 'allow more namespaces: see sysctl user.max_mnt_namespaces and its like';
  return `${inContainer}; elsewhere see dmesg: AppArmor, SELinux or a unit's sandbox may refuse root what it needs`;
};

const passesTrial: Rule = ({ trialProblem, osRelease }) =>
  trialProblem !== undefined && {
    what: `namespaces, mounts and links of a node cannot be made: ${trialProblem}`,
    hint: trialHint(trialProblem, osRelease),
  };

const rules: readonly Rule[] = [isRoot, isShown, hasControllers, canWriteCgroups, ownsRoot, passesTrial];

/** All obstacles to a native cluster on this machine. */
export const judgeMachine = (machine: Machine): readonly Obstacle[] => {
  const { platform, missingTools, osRelease } = machine;
  if (platform !== 'linux') {
    return [{ what: `the native provider runs on Linux only, this is ${platform}`, hint: 'use a Linux machine or VM' }];
  }
  const missing = missingTools.map((tool) => ({
    what: `the program '${tool}' was not found in ${systemPath.join(', ')}`,
    hint: installHint(tool, osRelease),
  }));
  return [...missing, ...rules.map((rule) => rule(machine)).filter((obstacle) => obstacle !== false)];
};

const isInstalled = async (tool: string): Promise<boolean> => {
  const tries = await Promise.allSettled(systemPath.map((folder) => access(join(folder, tool), constants.X_OK)));
  return tries.some(({ status }) => status === 'fulfilled');
};

const findUnwritableCgroups = async (hierarchies: readonly Hierarchy[]): Promise<readonly string[]> => {
  const paths = hierarchies.map(({ path }) => path);
  const tries = await Promise.allSettled(paths.map((path) => access(path, constants.W_OK)));
  return paths.filter((_, index) => tries[index]?.status === 'rejected');
};

export type VerifyInput = {
  readonly instanceDir: string;
  readonly cacheDir: string;
  readonly runner: Runner;
  readonly signal: AbortSignal;
  /** Judges as if this were root, before sudo is used. */
  readonly asRoot?: boolean;
};

type Trial = { readonly trialProblem?: string; readonly overlayProblem?: string };

/** What a node does, on the file system that will hold its data; nothing of it stays. */
const runTrial = ({ instanceDir, runner, signal }: VerifyInput, hierarchies: readonly Hierarchy[]): Promise<Trial> =>
  withTrialFolder(instanceDir, async (folder) => {
    const run = bySystemPath(runner);
    const unshare = await findUnshare(folder);
    const trialProblem = await tryNode({ folder, instanceDir, hierarchies, unshare, runner: run, signal });
    if (trialProblem !== undefined) return { trialProblem };
    const overlayProblem = await findOverlayProblem(folder, stoppedBy(signal, run), unshare);
    signal.throwIfAborted();
    return overlayProblem === undefined ? {} : { overlayProblem };
  });

const overlayNote = (folder: string, problem: string): string =>
  `the file system of ${folder} takes no overlay (${problem}), so the node copies each layer of images: some 1 GB more on disk; XDG_STATE_HOME on another disk avoids that`;

/** The obstacles to a native cluster with these folders on this machine, and notes. Changes nothing. */
export const verifyMachine = async (input: VerifyInput): Promise<Findings> => {
  const { asRoot = false, instanceDir, cacheDir } = input;
  const { platform } = process;
  const folders = { instanceDir, cacheDir };
  if (platform !== 'linux') return { obstacles: judgeMachine({ ...unknownMachine, ...folders, platform }), notes: [] };
  const tools = Object.keys(toolPackages);
  const found = await Promise.all(tools.map(isInstalled));
  const missingTools = tools.filter((_, index) => !found[index]);
  const hierarchies = parseHierarchies(await readFile('/proc/self/mountinfo', 'utf8'));
  const isRealRoot = process.getuid?.() === 0;
  const sharedRoot = await findSharedRoot(hierarchies);
  const machine: Machine = {
    ...{ ...folders, platform, missingTools, ...(sharedRoot && { sharedRoot }) },
    uid: asRoot ? 0 : (process.getuid?.() ?? -1),
    osRelease: (await findTextFile('/etc/os-release').catch(messageOf)) ?? '',
    unwritableCgroups: isRealRoot ? await findUnwritableCgroups(hierarchies) : [],
    missingControllers: await findMissingControllers(hierarchies),
  };
  const obstacles = judgeMachine(machine);
  // what is known to be in the way needs no trial
  if (obstacles.length > 0 || !isRealRoot) return { obstacles, notes: [] };
  const { overlayProblem, ...trial } = await runTrial(input, hierarchies);
  const notes = [overlayProblem && overlayNote(instanceDir, overlayProblem), await findInotifyNote()];
  return { obstacles: judgeMachine({ ...machine, ...trial }), notes: notes.filter((note) => note !== undefined) };
};

const unknownMachine = { uid: -1, missingTools: [], osRelease: '', unwritableCgroups: [], missingControllers: [] };
