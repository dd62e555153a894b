import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../../lib/errors.ts';
import type { Runner } from '../../../lib/process/runner.ts';
import type { SetupStep } from '../../../supervisor/spec.ts';
import { cgroupPaths, createCgroups, type Hierarchy, nodeCgroupPaths, removeCgroups } from '../isolation/cgroups.ts';
import { readHostTree } from '../isolation/host-tree.ts';
import { droppedCapabilities, isolatedCommand, namespaceSetup } from '../isolation/namespaces.ts';
import { instanceHash } from '../link.ts';
import { lastWords } from './last-words.ts';

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

const line = (words: readonly string[]): string => words.map(quoted).join(' ');

/** The steps as a shell script that ends at the first one that fails. */
export const renderScript = (steps: readonly SetupStep[]): string =>
  [
    'set -e',
    ...steps.flatMap((step) => {
      if ('run' in step) return [line(step.run)];
      const { path, text } = step.write;
      return [line(['mkdir', '-p', join(path, '..')]), `${line(['printf', '%s', text])} > ${quoted(path)}`];
    }),
  ].join('\n');

/** As the node's end of its link to the host, which needs the same right there. */
const linkStep: SetupStep = { run: ['ip', 'link', 'add', 'tg-trial0', 'type', 'veth', 'peer', 'name', 'tg-trial1'] };

/** A node of no programs: its file tree, its mounts and its network. */
const trialScript = async (folder: string, hierarchies: readonly Hierarchy[]): Promise<string> => {
  for (const name of ['node', 'logs']) await mkdir(join(folder, name), { recursive: true });
  const software = { binaries: {}, cniPluginsDir: folder, path: [], env: {} };
  return renderScript([...namespaceSetup(await readHostTree(software), hierarchies, folder), linkStep]);
};

export type TrialInput = {
  /** A folder of the trial's own, on the file system of the instance. */
  readonly folder: string;
  readonly instanceDir: string;
  readonly hierarchies: readonly Hierarchy[];
  readonly unshare: string;
  readonly runner: Runner;
};

/**
 * Does once what a node does before it starts its processes: cgroups, namespaces, its file tree, a link. All of it ends with
 * the trial. Returns what failed, in the words of the program that did.
 */
export const tryNode = async (input: TrialInput): Promise<string | undefined> => {
  const { folder, instanceDir, hierarchies, unshare, runner } = input;
  const cgroups = cgroupPaths(hierarchies, `trial-${instanceHash(instanceDir)}`);
  const script = await trialScript(folder, hierarchies);
  const isolation = { dropped: droppedCapabilities, unshare };
  try {
    await createCgroups(cgroups);
    await createCgroups(nodeCgroupPaths(cgroups));
    const command = isolatedCommand(['sh', '-c', script, 'trial'], nodeCgroupPaths(cgroups), isolation);
    await runner(command, { timeoutMs: 30_000 });
    return undefined;
  } catch (error) {
    return lastWords(error);
  } finally {
    // one that is still busy is emptied by the kernel in a moment; the next trial takes it away
    await removeCgroups(cgroups).catch((error) => {
      if (!hasCode(error, 'EBUSY')) throw error;
    });
  }
};
