import type { Spread } from './statistics.ts';

/** Turns a number into text with its unit. */
export type Unit = (value: number) => string;

export const seconds: Unit = (ms) => `${(ms / 1_000).toFixed(2)} s`;
export const milliseconds: Unit = (ms) => `${ms.toFixed(0)} ms`;
export const mebibytes: Unit = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
export const megabytes: Unit = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
export const perSecond: Unit = (count) => `${count.toFixed(0)}/s`;
export const megabytesPerSecond: Unit = (bytes) => `${(bytes / 1e6).toFixed(0)} MB/s`;
export const times: Unit = (ratio) => `${ratio.toFixed(2)}x`;

/** `0.61 s to 0.90 s, 5 samples`; nothing for a single sample. */
export const describeSpread = ({ count, min, max }: Spread, unit: Unit): string =>
  count === 1 ? '1 sample' : `${unit(min)} to ${unit(max)}, ${count} samples`;
