import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { UserError } from '../../../lib/errors.ts';
import { type Runner, stoppedBy } from '../../../lib/process/runner.ts';
import type { SetupStep } from '../../../supervisor/spec.ts';
import { cgroupPaths, createCgroups, type Hierarchy, nodeCgroupPaths } from '../isolation/cgroups.ts';
import { readHostTree } from '../isolation/host-tree.ts';
import { droppedCapabilities, isolatedCommand, namespaceSetup } from '../isolation/namespaces.ts';
import { trialLabel } from '../leftover.ts';
import { removeResource } from '../resources.ts';
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
  readonly signal: AbortSignal;
};

/**
 * Does once what a node does before it starts its processes: cgroups, namespaces, its file tree, a link. All of it ends with
 * the trial. Returns what failed, in the words of the program that did. Throws the reason of the signal.
 */
export const tryNode = async (input: TrialInput): Promise<string | undefined> => {
  const { folder, instanceDir, hierarchies, unshare, runner, signal } = input;
  const cgroups = cgroupPaths(hierarchies, trialLabel(instanceDir));
  const script = await trialScript(folder, hierarchies);
  const isolation = { dropped: droppedCapabilities, unshare };
  // also kills what is in them: unshare(1) ignores SIGTERM while its child runs
  const end = () => removeResource({ kind: 'cgroups', paths: cgroups }, runner);
  const stop = () => void end().catch(() => undefined);
  try {
    signal.addEventListener('abort', stop, { once: true });
    await createCgroups(cgroups);
    await createCgroups(nodeCgroupPaths(cgroups));
    const command = isolatedCommand(['sh', '-c', script, 'trial'], nodeCgroupPaths(cgroups), isolation);
    await stoppedBy(signal, runner)(command, { timeoutMs: 30_000 });
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return lastWords(error);
  } finally {
    signal.removeEventListener('abort', stop);
    // the kernel may need a moment after the last process; what stays then is found by `down` and the next trial
    await end()
      .catch(() => pause(500).then(end))
      .catch((error) => {
        if (!(error instanceof UserError)) throw error;
      });
  }
};
