import { readNodeUse } from '../../../cluster/native/isolation/limits.ts';
import type { Instance } from '../../../instance/instance.ts';
import { instancePaths } from '../../../instance/paths.ts';
import { UserError } from '../../../lib/errors.ts';
import { isThere } from '../../../lib/files.ts';
import { Interrupted } from '../../../lib/process/interrupted.ts';
import type { Stage } from '../../../model/stage.ts';
import { providerOf } from '../../../providers/providers.ts';
import { startCluster } from '../start-cluster.ts';
import type { UpRun } from './result.ts';

const hasFolder = ({ dir }: Instance): Promise<boolean> => isThere(instancePaths(dir).recordPath);

/** The step that failed; of a run that was interrupted the first one that was cut off. */
const findLastStep = (stages: readonly Stage[]): string | undefined =>
  (stages.find(({ outcome }) => outcome === 'failed') ?? stages.find(({ outcome }) => outcome === 'cancelled'))?.title;

/** Records for `status` that the run has come to its end, or at which step it stopped. */
export const noteEnd = async ({ result: { instance }, stages }: UpRun, isFailed: boolean): Promise<void> => {
  const unfinished = instance?.record().unfinished;
  if (!instance || !unfinished || !(await hasFolder(instance))) return;
  const step = findLastStep(stages);
  await instance.change({ unfinished: isFailed ? { ...unfinished, ...(step && { step }) } : undefined });
};

const describeMemory = async (instance: Instance): Promise<string> => {
  const paths = instance.record().journal.flatMap((one) => (one.kind === 'cgroups' ? one.paths : []));
  const { memory } = await readNodeUse(paths);
  return memory ? ` (about ${(memory.usedBytes / 2 ** 30).toFixed(1)} GiB of memory)` : '';
};

/** What a run that was cut off has left; undefined where it had begun nothing. */
export const describeRest = async ({ context, result: { instance }, stages }: UpRun): Promise<string | undefined> => {
  if (!instance) return undefined;
  const { name } = instance.record();
  if (!(await hasFolder(instance))) {
    const hasBegun = stages.some(({ title }) => title === startCluster.title);
    return hasBegun ? 'the half-made cluster was removed' : undefined;
  }
  const ways = `to continue: taskgate up --name ${name}; to remove it: taskgate down --name ${name}`;
  const state = await providerOf(context, { instance })
    .find()
    .catch(() => 'unknown');
  if (state === 'running') return `the cluster of ${name} runs on${await describeMemory(instance)}\n${ways}`;
  return `instance ${name} stays, its cluster is ${state}\n${ways}`;
};

/** What a failed run throws: an interruption and a deadline say what is left. */
export const endOf = async (run: UpRun, error: unknown): Promise<unknown> => {
  if (error instanceof Interrupted) return new Interrupted(error.signal, await describeRest(run));
  if (!(error instanceof UserError) || error.id !== 'environment.deadline') return error;
  const rest = await describeRest(run);
  return rest === undefined ? error : new UserError(`${error.message}; ${rest.split('\n')[0]}`, error);
};
