import { describeStage } from './line-display.ts';
import { makeProgressLog } from './progress-log.ts';
import type { StepDisplay } from './run.ts';

/** GitHub reads a line that begins with `::`, or has `##[`, as a command to its runner. */
const defuse = (line: string): string => `· ${line.replaceAll('##[', '## [')}`;

/** Text of a workflow command. */
const escapeData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

/**
 * For the log of a GitHub job: what a step said is folded below the line that says how it ended. Steps run side by side
 * and groups cannot, so each group is written when its step has ended; a failed step's stays open. How far a long step is
 * stands between the groups meanwhile.
 */
export const logGroups = (write: (text: string) => void): StepDisplay => {
  const said = new Map<string, string[]>();
  const fold = (heading: string, lines: readonly string[]): void => {
    const group = `::group::${escapeData(heading)}\n${lines.map((line) => `${defuse(line)}\n`).join('')}::endgroup::\n`;
    write(lines.length === 0 ? `${heading}\n` : group);
  };
  const log = makeProgressLog({
    onNews: (title, line) => void said.set(title, [...(said.get(title) ?? []), ...line.split('\n')]),
    onSummary: (title, line) => write(`${defuse(`${title}: ${line}`)}\n`),
  });
  return {
    started: (title) => {
      log.started(title);
      write(`${defuse(title)} ...\n`);
    },
    reported: log.reported,
    ended: (stage) => {
      log.ended(stage.title);
      if (stage.outcome === 'cancelled' && stage.startMs < 0) return;
      const lines = said.get(stage.title) ?? [];
      const heading = describeStage(stage).replaceAll(/\s*\n\s*/g, ' ');
      if (stage.outcome !== 'failed') fold(heading, lines);
      else write([...lines.map(defuse), `::error title=taskgate::${escapeData(heading)}`, ''].join('\n'));
    },
  };
};
