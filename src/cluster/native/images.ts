import { CommandError, type Runner } from '../../lib/process/runner.ts';
import { polling, waitUntil } from '../../lib/wait.ts';
import { fileWorkMs } from '../images/deadline.ts';
import { ctrCommand, failure, lastLineOf } from './images/ctr.ts';
import type { Snapshotter } from './machine/snapshotter.ts';

export type ImportInput = {
  readonly ctr: string;
  readonly archive: string;
  readonly refs: readonly string[];
  readonly snapshotter: Snapshotter;
  readonly runner: Runner;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** A process of the node, or undefined while there is none yet. */
  readonly findNodePid: () => Promise<number | undefined>;
};

/** What containerd lists, or why there was no answer: that is not the same as an empty list. */
type Listing = { readonly nodePid: number; readonly images: ReadonlySet<string> } | { readonly trouble: string };

const listImages = async (input: ImportInput, signal: AbortSignal): Promise<Listing> => {
  const nodePid = await input.findNodePid();
  if (nodePid === undefined) return { trouble: 'the node has no process yet' };
  const command = ctrCommand(input.ctr, nodePid, ['images', 'list', '--quiet']);
  try {
    const { stdout } = await input.runner(command, { signal, timeoutMs: input.timeoutMs });
    return { nodePid, images: new Set(stdout.split('\n')) };
  } catch (error) {
    return { trouble: `no answer: ${lastLineOf(error)}` };
  }
};

const logHint = 'see logs/containerd.log of the instance, or allow more time with --timeouts-stage-seconds';

/** Waits for a list: the deadline, which is the stage's, ends one that takes too long as well. */
const untilListed = async (what: string, input: ImportInput) => {
  const { signal, timeoutMs } = input;
  const look = polling((until) => listImages(input, until), 50);
  const judge = (listing: Listing) => ('images' in listing ? true : listing.trouble);
  const options = { id: 'cluster.containerd', hint: logHint, timeoutMs, signal } as const;
  const listing = await waitUntil(what, look, judge, options);
  if ('trouble' in listing) throw failure('cluster.containerd', `${what}: ${listing.trouble}`, logHint);
  return listing;
};

const importArchive = async (
  { ctr, archive, snapshotter, runner, signal, timeoutMs }: ImportInput,
  nodePid: number,
) => {
  const command = ctrCommand(ctr, nodePid, ['images', 'import', '--snapshotter', snapshotter, archive]);
  const limits = { signal, timeoutMs: await fileWorkMs(archive, timeoutMs) };
  await runner(command, limits).catch((error) => {
    signal.throwIfAborted();
    const why = error instanceof CommandError && error.timedOut ? 'it took too long' : lastLineOf(error);
    const hint = `is the disk of the state folder full? A damaged archive goes by: rm ${archive}; then run up again`;
    throw failure('cluster.images-missing', `containerd cannot import ${archive}: ${why}`, hint);
  });
};

/**
 * Imports an OCI archive into the node's containerd once that answers, unless it has all of `refs`. Throws UserError
 * `cluster.containerd` without an answer by the deadline, or `cluster.images-missing` when an image is not listed afterwards.
 */
export const importImages = async (input: ImportInput): Promise<void> => {
  const { archive, refs } = input;
  const before = await untilListed('containerd', input);
  if (refs.every((ref) => before.images.has(ref))) return;
  await importArchive(input, before.nodePid);
  const after = await untilListed('containerd after the import', input);
  const missing = refs.filter((ref) => !after.images.has(ref));
  if (missing.length === 0) return;
  const what = `containerd does not list ${missing.join(', ')} after the import of ${archive}`;
  throw failure('cluster.images-missing', what, 'remove the archive from the cache and run up again');
};
