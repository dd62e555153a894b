import { plain } from '../lib/text/plain.ts';
import type { Stage } from '../model/stage.ts';
import { marks, paint } from './marks.ts';
import { makeProgressLog } from './progress-log.ts';
import type { StepDisplay } from './run.ts';

/** `Start the cluster (4.1s): note`. */
export const describeStage = ({ title, startMs, endMs, outcome, note }: Stage): string => {
  const time = outcome === 'skipped' || startMs < 0 ? '' : ` (${((endMs - startMs) / 1_000).toFixed(1)}s)`;
  return `${title}${time}${note ? `: ${plain(note)}` : ''}`;
};

/** The line of a step that has ended; none of one that never began. */
export const endedLine = (stage: Stage): readonly string[] => {
  const { outcome, startMs } = stage;
  if (outcome === 'cancelled' && startMs < 0) return [];
  const text = describeStage(stage);
  return [`${paint(outcome, marks[outcome])} ${outcome === 'skipped' ? paint(outcome, text) : text}`];
};

/** For output that is no terminal: a line for what changes, for a summary from time to time, and when a step ends. */
export const showLines = (write: (text: string) => void): StepDisplay => {
  const writeLine = (title: string, line: string) => write(`  ${title}: ${line}\n`);
  const log = makeProgressLog({ onNews: writeLine, onSummary: writeLine });
  return {
    ...log,
    ended: (stage) => {
      log.ended(stage.title);
      for (const line of endedLine(stage)) write(`${line}\n`);
    },
  };
};
