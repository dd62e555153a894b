import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isThere } from '../../../lib/files.ts';
import { type Hierarchy, neededControllers } from '../isolation/cgroups.ts';

const wordsOf = (text: string): readonly string[] => text.split(/[\s,]+/).filter(Boolean);

const readWords = async (path: string): Promise<readonly string[]> =>
  wordsOf(await readFile(path, 'utf8').catch(() => ''));

/** Of what a node needs, the controllers that no hierarchy in view has: mounts of v1 name theirs, v2 lists them in its root. */
export const findMissingControllers = async (hierarchies: readonly Hierarchy[]): Promise<readonly string[]> => {
  const v1 = hierarchies.flatMap(({ options = '' }) => wordsOf(options));
  // beside hierarchies of v1, a v2 one is not mounted in the node
  const v2 = v1.length > 0 ? [] : hierarchies.map(({ path }) => readWords(join(path, 'cgroup.controllers')));
  const found = [...v1, ...(await Promise.all(v2)).flat()];
  return neededControllers.filter((name) => !found.includes(name));
};

/**
 * The root of a v2 hierarchy that would have to hand out controllers and cannot: it is no real root (that has no type), and
 * processes outside of this PID namespace, which nobody here can move, are in it. undefined where all is well.
 */
export const findSharedRoot = async (hierarchies: readonly Hierarchy[]): Promise<string | undefined> => {
  const [root] = hierarchies;
  if (!root || hierarchies.some(({ options }) => options)) return undefined;
  const given = await readWords(join(root.path, 'cgroup.subtree_control'));
  if (neededControllers.every((name) => given.includes(name))) return undefined;
  if (!(await isThere(join(root.path, 'cgroup.type')))) return undefined;
  return (await readWords(join(root.path, 'cgroup.procs'))).includes('0') ? root.path : undefined;
};
