import type { Taskgate } from './instance/instance.ts';

/** What every part of the benchmark gets. */
export type BenchContext = {
  readonly quick: boolean;
  /** A folder that is removed at the end. */
  readonly stateHome: string;
  readonly taskgate: Taskgate;
  readonly signal: AbortSignal;
  /** Tells the user what is being done. */
  readonly say: (line: string) => void;
  /** Runs a part whose failure must not end the others: it is noted, and the result is undefined. */
  readonly attempt: <T>(part: string, run: () => Promise<T>) => Promise<T | undefined>;
};
