export type Outcome = 'done' | 'skipped' | 'failed' | 'cancelled';

/** When a step ran, in milliseconds since the run began, and how it ended. */
export type Stage = {
  readonly title: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly outcome: Outcome;
  readonly note?: string;
};
