/** Pauses between tries: each twice as long as the one before, up to the longest. */
export type Backoff = { readonly firstMs: number; readonly longestMs: number };

/** The pause after the try with this index; the first try has 0. */
export const delayMs = ({ firstMs, longestMs }: Backoff, index: number): number =>
  Math.min(firstMs * 2 ** index, longestMs);

/** The pause after a pause of `lastMs`; the first one where there was none. */
export const nextDelayMs = ({ firstMs, longestMs }: Backoff, lastMs?: number): number =>
  lastMs === undefined ? firstMs : Math.min(lastMs * 2, longestMs);
