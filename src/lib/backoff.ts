/** Pauses between retries: each twice as long as the previous one, up to a maximum. */
export type Backoff = { readonly firstMs: number; readonly longestMs: number };

/** The pause after the attempt with this index, from 0. */
export const delayMs = ({ firstMs, longestMs }: Backoff, index: number): number =>
  Math.min(firstMs * 2 ** index, longestMs);

/** The pause after a pause of `lastMs`; the first one if there was none. */
export const nextDelayMs = ({ firstMs, longestMs }: Backoff, lastMs?: number): number =>
  lastMs === undefined ? firstMs : Math.min(lastMs * 2, longestMs);
