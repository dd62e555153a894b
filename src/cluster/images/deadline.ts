import { findStat } from '../../lib/files.ts';

/** Of an archive; a slow disk writes some 10 MB/s, and what was packed becomes some three times as much. */
const slowestBytesPerMs = 2_000;

/**
 * How long a node may take for an archive of which nothing more can be seen: it unpacks it, and no byte tells how far it is.
 * `stallMs` is how long nothing at all may happen where that would be seen.
 */
export const unseenWorkMs = (bytes: number, stallMs: number): number => stallMs + Math.ceil(bytes / slowestBytesPerMs);

/** {@link unseenWorkMs} for an archive that is given over as a file. */
export const fileWorkMs = async (path: string, stallMs: number): Promise<number> =>
  unseenWorkMs((await findStat(path))?.size ?? 0, stallMs);
