import type { MeasuredStage } from '../../stage.ts';
import type { Spread } from '../../statistics.ts';

/** Three ways to a first byte: as the documentation has it, and taskgate on both its providers. */
export const ways = ['by hand', 'taskgate on Minikube', 'taskgate native'] as const;
export type WayName = (typeof ways)[number];

/** One Gateway, set up once in one way. */
export type WayRun = {
  /** From the first command to the first byte; of taskgate, to the end of `up`, which has then proven every hop. */
  readonly firstByteMs: number;
  /** `minikube start` in it; nothing on the native provider. */
  readonly startMs?: number;
  /** In it: loading images that a node with registries would pull. Of taskgate it is hidden behind other stages. */
  readonly imageLoadMs?: number;
  /** Typed until the first byte was seen. */
  readonly commands: readonly string[];
  /** Listeners that the Gateway may have, by a dry run. */
  readonly listeners: number;
  /** From the write of one more listener to its first byte. */
  readonly listenerMs: readonly number[];
  /** Of taskgate's first `up`. */
  readonly stages?: readonly MeasuredStage[];
  /** Of a second `up`, and what it changed. */
  readonly second?: { readonly ms: number; readonly changes: readonly string[] };
};

export type WayResults = {
  readonly way: WayName;
  readonly firstByteMs: Spread;
  /** `firstByteMs` without `minikube start`. */
  readonly beyondStartMs: Spread;
  readonly startMs?: Spread;
  readonly imageLoadMs?: Spread;
  readonly commands: readonly string[];
  readonly listeners: number;
  readonly listenerMs: Spread;
  /** Of the `up` whose time is nearest to the median. */
  readonly stages?: readonly MeasuredStage[];
  readonly secondMs?: Spread;
  readonly changedBySecond?: readonly string[];
};

export type MinikubeResults = readonly WayResults[];
