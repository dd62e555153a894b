// Tested in test/commands/images/engines.test.ts
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoreAbsence } from '../../lib/files.ts';

/** Of the files in a folder; one that goes meanwhile, since it is renamed, counts at the next look. */
const bytesIn = async (folder: string): Promise<number> => {
  const names = await readdir(folder);
  const sizes = names.map(async (name) => (await lstat(join(folder, name)).catch(ignoreAbsence))?.size ?? 0);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
};

type Growth = {
  readonly signal: AbortSignal;
  /** How long the folder may stay as it is. */
  readonly stallMs: number;
  readonly onBytes: (bytes: number) => void;
  /** What is thrown then. */
  readonly stalled: () => Error;
};

const lookMs = 1_000;

/** Does work that writes into a folder, and aborts its signal where that does not grow any more. */
export const whileGrowing = async <T>(
  folder: string,
  { signal, stallMs, onBytes, stalled }: Growth,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const given = new AbortController();
  let [seen, since] = [0, performance.now()];
  const look = async (): Promise<void> => {
    const bytes = await bytesIn(folder);
    if (bytes === seen) {
      if (performance.now() - since >= stallMs) given.abort(stalled());
      return;
    }
    [seen, since] = [bytes, performance.now()];
    onBytes(bytes);
  };
  const timer = setInterval(() => look().catch((error: unknown) => given.abort(error)), Math.min(lookMs, stallMs / 4));
  try {
    return await work(AbortSignal.any([signal, given.signal]));
  } catch (error) {
    signal.throwIfAborted();
    given.signal.throwIfAborted();
    throw error;
  } finally {
    clearInterval(timer);
  }
};
