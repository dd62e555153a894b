import type { Stage } from '../../src/model/stage.ts';

/** A stage of `up` with the most memory that the instance's cgroup held meanwhile. */
export type MeasuredStage = Stage & {
  /** All that is charged to the cgroup, page cache included. */
  readonly peakUsageBytes?: number;
  /** Anonymous memory only. */
  readonly peakAnonymousBytes?: number;
};

/** One run of `up`. */
export type UpRun = {
  readonly ms: number;
  /** Of a native instance's cgroup, from its start; contention lengthens it less than the wall time. */
  readonly cpuSeconds?: number;
  readonly stages: readonly MeasuredStage[];
};
