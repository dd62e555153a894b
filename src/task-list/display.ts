import { logGroups } from './github-groups.ts';
import { showLines } from './line-display.ts';
import { showLive } from './live/list.ts';
import type { StepDisplay } from './run.ts';
import type { Step } from './step.ts';

/** `tree`: a live list for a terminal; `lines`: a line when a step ends, for logs; `groups`: for the log of GitHub. */
export type DisplayKind = 'tree' | 'lines' | 'groups';

/** A display, what adds a line of its own between those of the steps, and what resolves when all is drawn. */
type Shown = {
  readonly display: StepDisplay;
  readonly say: (line: string) => void;
  readonly close: () => Promise<void>;
};

const write = (text: string): void => void process.stderr.write(text);

/** Shows the steps of a run on stderr. Tested in test/process/display.test.ts. */
export const showSteps = <C>(steps: readonly Step<C>[], kind: DisplayKind): Shown => {
  if (kind === 'tree') return showLive(steps.map(({ title }) => title));
  const display = (kind === 'groups' ? logGroups : showLines)(write);
  return { display, say: (line) => write(`${line}\n`), close: async () => undefined };
};
