import { randomUUID } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type Command, CommandError, type Runner } from '../../../lib/process/runner.ts';
import { describeBytes } from '../../../lib/text/bytes.ts';
import type { ImageArchive } from '../../images/archive.ts';
import { archiveBytes } from '../../images/archive-bytes.ts';
import { unseenWorkMs } from '../../images/deadline.ts';
import { badArchive } from '../../images/open-archive.ts';
import type { ListedImage, LoadLimits } from '../../images/store.ts';
import type { Snapshotter } from '../machine/snapshotter.ts';
import { ctrCommand, failure, lastLineOf } from './ctr.ts';
import { parseChecked } from './listed.ts';

/** A native node that runs. */
export type NodeAccess = {
  readonly ctr: string;
  readonly nodePid: number;
  readonly snapshotter: Snapshotter;
  /** The folder of the node's data. */
  readonly nodeDir: string;
  readonly runner: Runner;
};

/** Throws UserError `cluster.containerd` where containerd does not answer. */
export const listNodeImages = async (
  { ctr, nodePid, runner }: NodeAccess,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<readonly ListedImage[]> => {
  const command = ctrCommand(ctr, nodePid, ['images', 'check']);
  const { stdout } = await runner(command, { signal, timeoutMs }).catch((error) => {
    signal.throwIfAborted();
    const hint = 'is the instance running? See taskgate status, and logs/containerd.log of the instance';
    throw failure('cluster.containerd', `the node's containerd does not list its images: ${lastLineOf(error)}`, hint);
  });
  return parseChecked(stdout);
};

/** Ctrl-C of a terminal reaches all its processes: ctr is to see the end of its input instead, and tidy up. */
const unheard = (command: Command): Command => ['/bin/sh', '-c', 'trap "" INT HUP; exec "$@"', 'ctr', ...command];

const orderlyEndMs = 20_000;

const freeBytes = async (dir: string): Promise<number> => {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
};

const importFailure = async (error: unknown, { tar: { path, size } }: ImageArchive, { nodeDir }: NodeAccess) => {
  const why = lastLineOf(error);
  if (/no space left on device/i.test(why)) {
    const free = describeBytes(await freeBytes(nodeDir));
    return failure(
      'cluster.image-space',
      `no space left on the node for ${path}: it has ${describeBytes(size)}, and is kept twice, packed and unpacked; ${free} are free below ${nodeDir}`,
      'make room on that disk, then load it again; nothing of it is kept',
    );
  }
  // what ctr says where a layer is not what its digest promises, or not there
  if (/wrong diff id|not found|unexpected EOF|invalid tar header|unexpected commit digest/.test(why))
    return badArchive(path, `a layer in it is damaged or missing (${why})`, error);
  return failure(
    'cluster.images-missing',
    `the node cannot take ${path}: ${why}`,
    'see logs/containerd.log of the instance',
  );
};

type Watchdog = {
  readonly signal: AbortSignal;
  /** Something was seen. */
  readonly feed: () => void;
  /** From here on nothing is seen any more, for so long at most. */
  readonly unseen: (ms: number) => void;
  readonly end: () => void;
};

const watchdog = (stallMs: number): Watchdog => {
  const controller = new AbortController();
  const start = (ms: number) => setTimeout(() => controller.abort(), ms);
  let timer = start(stallMs);
  const end = () => clearTimeout(timer);
  const unseen = (ms: number) => {
    end();
    timer = start(ms);
  };
  return { signal: controller.signal, feed: () => void timer.refresh(), unseen, end };
};

type Watched = { readonly signal: AbortSignal; readonly onChunk: () => void; readonly onEnd: () => void };

/** Ends the bytes where the signal says so: ctr takes that for a damaged archive, and gives up what it has begun. */
async function* watched(bytes: AsyncIterable<Buffer>, { signal, onChunk, onEnd }: Watched): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    signal.throwIfAborted();
    onChunk();
    yield chunk;
  }
  onEnd();
}

const stallFailure = (what: string) =>
  failure(
    'cluster.images-missing',
    what,
    'allow more time with --timeouts-stage-seconds; see logs/containerd.log of the instance',
  );

const undoMs = 20_000;

/**
 * Names what a failed load has named as it was before: ctr gives names before it unpacks, and finds damaged layers then. The CRI
 * keeps each image by its id, too. What nothing names any more is removed at once, and not when containerd comes to it: only the
 * end of a lease can be waited for.
 */
const undo = async ({ images }: ImageArchive, node: NodeAccess, before: LoadLimits['before']): Promise<void> => {
  const run = (...args: readonly string[]) =>
    // what is not there, or never was named, is as it should be
    node.runner(ctrCommand(node.ctr, node.nodePid, args), { timeoutMs: undoMs }).catch(() => undefined);
  const ctr = (...args: readonly string[]) => run('images', ...args);
  for (const { names, id } of images) {
    for (const name of names) {
      const old = before.find((one) => one.name === name);
      if (old && old.id !== id) await ctr('tag', '--force', old.id, name);
      if (!old) await ctr('remove', name);
    }
    if (!before.some((one) => one.id === id)) await ctr('remove', id);
  }
  const lease = `taskgate-${randomUUID()}`;
  await run('leases', 'create', '--id', lease, '--expires', '1m');
  await run('leases', 'delete', '--sync', lease);
};

/**
 * Loads an archive's images into a native node, reading it once and writing no copy of it. Interrupted, it leaves nothing
 * there. Throws UserError `cluster.image-space`, `artifact.image-archive` for layers that are not what they promise, and
 * `cluster.images-missing`.
 */
export const loadIntoNode = async (archive: ImageArchive, node: NodeAccess, limits: LoadLimits): Promise<void> => {
  const { signal, stallMs, onBytes, before } = limits;
  const stalled = watchdog(stallMs);
  const kill = new AbortController();
  const stopped = AbortSignal.any([signal, stalled.signal]);
  const giveUp = () =>
    void pause(orderlyEndMs, undefined, { ref: false, signal: kill.signal }).then(
      () => kill.abort(),
      () => undefined,
    );
  stopped.addEventListener('abort', giveUp, { once: true });
  const args = ['images', 'import', '--snapshotter', node.snapshotter, '-'];
  const { path, size } = archive.tar;
  const unpackMs = unseenWorkMs(size, stallMs);
  let isRead = false;
  const onEnd = () => {
    isRead = true;
    stalled.unseen(unpackMs);
  };
  const input = watched(archiveBytes(archive, onBytes), { signal: stopped, onChunk: stalled.feed, onEnd });
  try {
    await node.runner(unheard(ctrCommand(node.ctr, node.nodePid, args)), { input, signal: kill.signal });
  } catch (error) {
    await undo(archive, node, before);
    signal.throwIfAborted();
    if (stalled.signal.aborted)
      throw stallFailure(
        isRead
          ? `the node has not unpacked ${path} within ${unpackMs / 1_000} s after all of it was read`
          : `the node took nothing of ${path} for ${stallMs / 1_000} s`,
      );
    throw error instanceof CommandError ? await importFailure(error, archive, node) : error;
  } finally {
    stalled.end();
    kill.abort();
  }
};
