import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { hasCode, UserError } from '../../../lib/errors.ts';
import { ignoreAbsence, isThere } from '../../../lib/files.ts';
import type { Mount } from './mount.ts';

/** One mounted cgroup hierarchy; `options` name a v1 hierarchy's controllers, a v2 one has none. */
export type Hierarchy = { readonly path: string; readonly options?: string };

const genericOptions = new Set([
  'rw',
  'ro',
  'relatime',
  'xattr',
  'clone_children',
  'nsdelegate',
  'memory_recursiveprot',
]);

/** Reads the cgroup mounts from the text of /proc/self/mountinfo (proc(5)). */
export const parseHierarchies = (mountinfo: string): readonly Hierarchy[] =>
  mountinfo.split('\n').flatMap((line) => {
    const [mount = '', rest = ''] = line.split(' - ');
    const path = mount.split(' ')[4];
    const [type, , superOptions = ''] = rest.split(' ');
    if (!path || (type !== 'cgroup' && type !== 'cgroup2')) return [];
    if (type === 'cgroup2') return [{ path }];
    const options = superOptions
      .split(',')
      .filter((option) => !genericOptions.has(option) && !option.startsWith('release_agent='));
    return [{ path, options: options[0]?.startsWith('name=') ? `none,${options[0]}` : options.join(',') }];
  });

/** The folders of an instance, one in each hierarchy. */
export const cgroupPaths = (hierarchies: readonly Hierarchy[], label: string): readonly string[] =>
  hierarchies.map(({ path }) => join(path, `taskgate-${label}`));

/**
 * Whether a path is an instance's folder in a mounted hierarchy. A name alone does not tell: hierarchies may be mounted
 * anywhere, and files like cgroup.procs can be made in any folder.
 */
export const isOwnCgroup = (path: string, hierarchies: readonly Hierarchy[]): boolean =>
  /^taskgate-[a-z0-9-]+$/.test(basename(path)) && hierarchies.some((one) => join(one.path, basename(path)) === path);

/**
 * The folders in which the node runs, inside the instance's. They are the root of the node's cgroup namespace, so that root
 * in the node sees nothing above them and cannot change the limits that the instance's folders set.
 */
export const nodeCgroupPaths = (paths: readonly string[]): readonly string[] => paths.map((path) => join(path, 'node'));

/** Of cgroup v2 the one below, in which the supervisor's processes are: one with controllers below it takes none. */
const leafOf = (node: string): string => join(node, 'keeper');

/** The folders that a process joins to be one of a node that runs. */
export const joinedCgroupPaths = async (paths: readonly string[]): Promise<readonly string[]> =>
  Promise.all(nodeCgroupPaths(paths).map(async (node) => ((await isThere(leafOf(node))) ? leafOf(node) : node)));

/** Creates the folders. A v1 cpuset accepts no process before it has CPUs and memory nodes, so it copies its parent's. */
export const createCgroups = async (paths: readonly string[]): Promise<void> => {
  for (const path of paths) {
    await mkdir(path, { recursive: true });
    for (const file of ['cpuset.cpus', 'cpuset.mems']) await copyFromParent(path, file);
  }
};

const copyFromParent = async (path: string, file: string): Promise<void> => {
  try {
    await writeFile(join(path, file), await readFile(join(path, '..', file)));
  } catch (error) {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'EACCES')) throw error;
  }
};

/** Mounts the hierarchies again inside the cgroup namespace, where only the instance's own part is visible. */
export const cgroupMounts = (hierarchies: readonly Hierarchy[]): readonly Mount[] => {
  const v1 = hierarchies.filter(({ options }) => options);
  const root = '/sys/fs/cgroup';
  if (v1.length === 0) return [{ source: 'cgroup2', target: root, type: 'cgroup2', options: 'defaults' }];
  return [
    { source: 'cgroup', target: root, type: 'tmpfs', options: 'mode=755' },
    ...v1.map(({ path, options = '' }) => ({
      source: 'cgroup',
      target: `${root}/${basename(path)}`,
      type: 'cgroup',
      options,
    })),
  ];
};

/** A pure cgroup v2 host has one hierarchy, without the controllers of a v1 one. */
const isPureV2 = (hierarchies: readonly Hierarchy[]): boolean => !hierarchies.some(({ options }) => options);

/** What a node cannot do without; cpuset, io and hugetlb are used where they are there. */
export const neededControllers = ['cpu', 'memory', 'pids'] as const;

const wordsIn = async (path: string): Promise<readonly string[]> =>
  (await readFile(path, 'utf8')).trim().split(/\s+/).filter(Boolean);

const busyRoot = (root: string, cause?: unknown): UserError =>
  new UserError(`the cgroup ${root} hands out no controllers while processes are in it, and not all may be moved`, {
    id: 'environment.cgroups',
    hint: 'in a container, start it with --privileged --cgroupns=private; see cgroup.procs there: 0 is a process outside of the container',
    cause,
  });

/** As in Docker in Docker; it stays, since the processes of a container must be somewhere below its own cgroup. */
const leafOfContainer = 'init';

/**
 * The processes of a cgroup of a container move to a leaf of it, since one with processes may not hand out controllers. The
 * host's own root may, and one without processes: there something else is busy. Returns a note.
 */
const emptyToLeaf = async (root: string, cause: unknown): Promise<string> => {
  const leaf = join(root, leafOfContainer);
  const pids = await pidsIn(root);
  const isHostRoot = !(await isThere(join(root, 'cgroup.type')));
  if (pids.length === 0 || isHostRoot) throw cause;
  // 0 is one outside of this PID namespace; written, it would mean this process
  if (pids.includes(0)) throw busyRoot(root, cause);
  await mkdir(leaf, { recursive: true });
  for (const pid of pids) {
    await writeFile(join(leaf, 'cgroup.procs'), String(pid)).catch((error) => {
      if (!hasCode(error, 'ESRCH')) throw error;
    });
  }
  return `moved ${pids.length} processes of ${root} to ${leaf}, so that it can hand out controllers; they stay there`;
};

/**
 * Hands out what a node needs of a pure v2 hierarchy; does nothing on v1. systemd hands out only what some unit wants just
 * then (`cpu` while somebody is logged in), and the cgroup of a container nothing. Safe to repeat. Returns a note where
 * processes were moved. Throws UserError `environment.cgroups` where some are in the way that cannot be.
 */
export const handOutControllers = async (
  hierarchies: readonly Hierarchy[],
  write: (path: string, text: string) => Promise<void> = writeFile,
): Promise<string | undefined> => {
  const [root] = hierarchies;
  if (!root || !isPureV2(hierarchies)) return undefined;
  const file = join(root.path, 'cgroup.subtree_control');
  const given = await wordsIn(file);
  const missing = neededControllers.filter((name) => !given.includes(name));
  if (missing.length === 0) return undefined;
  const order = missing.map((name) => `+${name}`).join(' ');
  try {
    await write(file, order);
    return undefined;
  } catch (error) {
    if (!hasCode(error, 'EBUSY')) throw error;
    const note = await emptyToLeaf(root.path, error);
    await write(file, order).catch((cause) => {
      throw hasCode(cause, 'EBUSY') ? busyRoot(root.path, cause) : cause;
    });
    return note;
  }
};

/** Hands all controllers of a cgroup down to those below it. */
const delegateFrom = async (path: string): Promise<void> => {
  const controllers = (await readFile(join(path, 'cgroup.controllers'), 'utf8')).trim().split(' ').filter(Boolean);
  await writeFile(join(path, 'cgroup.subtree_control'), controllers.map((name) => `+${name}`).join(' '));
};

/**
 * On a pure cgroup v2 host a cgroup that delegates controllers may contain no process itself, so the supervisor's
 * processes move to a leaf of the node's cgroup and the controllers are enabled next to it. Does nothing on v1.
 */
export const delegateCgroupV2 = async (hierarchies: readonly Hierarchy[], paths: readonly string[]): Promise<void> => {
  const [root] = paths;
  const [node] = nodeCgroupPaths(paths);
  if (!root || !node || !isPureV2(hierarchies)) return;
  // systemd may have taken back what no cgroup used a moment ago
  await handOutControllers(hierarchies);
  await delegateFrom(root);
  const leaf = leafOf(node);
  await mkdir(leaf, { recursive: true });
  for (const pid of await pidsIn(node)) await writeFile(join(leaf, 'cgroup.procs'), String(pid));
  await delegateFrom(node);
};

const foldersBelow = async (path: string): Promise<readonly string[]> => {
  const entries = await readdir(path, { withFileTypes: true }).catch(ignoreAbsence);
  if (!entries) return [];
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
  return [...(await Promise.all(folders.map(foldersBelow))).flat(), path];
};

const pidsIn = async (path: string): Promise<readonly number[]> => {
  try {
    const text = await readFile(join(path, 'cgroup.procs'), 'utf8');
    return text.split('\n').filter(Boolean).map(Number);
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENODEV')) return [];
    throw error;
  }
};

/** Host pids of every process in the instance's cgroups. */
export const pidsInCgroups = async (paths: readonly string[]): Promise<readonly number[]> => {
  const folders = (await Promise.all(paths.map(foldersBelow))).flat();
  return [...new Set((await Promise.all(folders.map(pidsIn))).flat())];
};

/** Removes the folders, innermost first. Throws EBUSY while a process lives in one. */
export const removeCgroups = async (paths: readonly string[]): Promise<void> => {
  for (const folder of (await Promise.all(paths.map(foldersBelow))).flat()) {
    await rmdir(folder).catch(ignoreAbsence); // one hierarchy may be mounted at two folders
  }
};
