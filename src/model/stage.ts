/**
 * How a step ended. `failed`: it threw, or it found what it looks at broken. `broken`: it found so, and a later step takes
 * another way. `cancelled`: another one failed, or the run was interrupted.
 */
export type Outcome = 'done' | 'skipped' | 'broken' | 'failed' | 'cancelled';

/** When a step ran, in milliseconds since the run began, and how it ended. */
export type Stage = {
  readonly title: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly outcome: Outcome;
  readonly note?: string;
};
