import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode } from '../../../../src/lib/errors.ts';
import { childrenOf } from '../../../../src/lib/process/processes.ts';

const lookMs = 40;

const unlessGone = async <T>(look: () => Promise<T>, other: T): Promise<T> => {
  try {
    return await look();
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH')) return other;
    throw error;
  }
};

const commandOf = (pid: number): Promise<readonly string[]> =>
  unlessGone(async () => (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0'), []);

const findBelow = async (
  pid: number,
  isWanted: (command: readonly string[]) => boolean,
): Promise<number | undefined> => {
  for (const child of await unlessGone(() => childrenOf(pid), [])) {
    const found = isWanted(await commandOf(child)) ? child : await findBelow(child, isWanted);
    if (found !== undefined) return found;
  }
  return undefined;
};

/**
 * Runs something and gives for how long a process below this one that is wanted was seen meanwhile, from the outside:
 * to some 0.1 s. Undefined when there was none.
 */
export const timeProcessDuring = async <T>(
  isWanted: (command: readonly string[]) => boolean,
  run: () => Promise<T>,
): Promise<{ readonly result: T; readonly processMs?: number }> => {
  const ended = new AbortController();
  const watch = async (): Promise<number | undefined> => {
    let [firstMs, lastMs]: [number | undefined, number] = [undefined, 0];
    while (!ended.signal.aborted) {
      if ((await findBelow(process.pid, isWanted)) !== undefined) {
        lastMs = performance.now();
        firstMs ??= lastMs;
      }
      await pause(lookMs);
    }
    return firstMs === undefined ? undefined : lastMs - firstMs;
  };
  const watching = watch();
  try {
    const result = await run();
    ended.abort();
    const processMs = await watching;
    return { result, ...(processMs !== undefined && { processMs }) };
  } finally {
    ended.abort();
    await watching;
  }
};
