import type { Stage } from '../model/stage.ts';
import { makeProgressLog } from './progress-log.ts';
import type { StepDisplay } from './run.ts';

type LinesInput = {
  readonly write: (text: string) => void;
  /** A stage in one line. */
  readonly describe: (stage: Stage) => string;
};

const marks = { done: '✔', skipped: '↓', failed: '✖', cancelled: '■' } as const;

/** For output that is no terminal: a line for what changes, for a summary from time to time, and when a step ends. */
export const showLines = ({ write, describe }: LinesInput): StepDisplay => {
  const log = makeProgressLog({
    onNews: (title, line) => write(`  ${title}: ${line}\n`),
    onSummary: (title, line) => write(`  ${title}: ${line}\n`),
  });
  return {
    ...log,
    ended: (stage) => {
      log.ended(stage.title);
      if (stage.outcome === 'cancelled' && stage.startMs < 0) return;
      write(`${marks[stage.outcome]} ${describe(stage)}\n`);
    },
  };
};
