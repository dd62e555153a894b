import { Listr, ListrLogger, ProcessOutput } from 'listr2';
import { describeProgress, type Progress } from '../lib/progress.ts';
import { plain } from '../lib/text/plain.ts';
import type { Stage } from '../model/stage.ts';
import { logGroups } from './github-groups.ts';
import { describeStage, showLines } from './line-display.ts';
import type { StepDisplay } from './run.ts';
import type { Step } from './step.ts';

/** `tree`: a live list for a terminal; `lines`: a line when a step ends, for logs; `groups`: for the log of GitHub. */
export type DisplayKind = 'tree' | 'lines' | 'groups';

/** A display, and a promise that resolves when all of it is drawn. */
export type Shown = { readonly display: StepDisplay; readonly drawn: Promise<unknown> };

type Row = {
  readonly started: PromiseWithResolvers<void>;
  readonly ended: PromiseWithResolvers<Stage>;
  report: (what: string | Progress) => void;
};

const emptyRow = (): Row => ({
  started: Promise.withResolvers<void>(),
  ended: Promise.withResolvers<Stage>(),
  report: () => undefined,
});

const tree = <C>(steps: readonly Step<C>[]): Shown => {
  const rows = new Map<string, Row>(steps.map(({ title }) => [title, emptyRow()]));
  const list = new Listr(
    steps.map(({ title }) => ({
      title: `${title} (waits)`,
      task: async (_, task) => {
        const row = rows.get(title);
        if (!row) return;
        void row.started.promise.then(() => {
          task.title = title;
        });
        row.report = (what) => {
          task.output = plain(describeProgress(what));
        };
        const stage = await row.ended.promise;
        task.title = describeStage(stage);
        if (stage.outcome === 'skipped') task.skip(task.title);
        if (stage.outcome === 'failed' || stage.outcome === 'cancelled') throw new Error(stage.outcome);
      },
    })),
    {
      concurrent: true,
      exitOnError: false,
      registerSignalListeners: false,
      renderer: 'default',
      rendererOptions: {
        logger: new ListrLogger({ useIcons: false, processOutput: new ProcessOutput(process.stderr, process.stderr) }),
        collapseErrors: false,
        showErrorMessage: false,
      },
    },
  );
  return {
    drawn: list.run(),
    display: {
      started: (title) => rows.get(title)?.started.resolve(),
      reported: (title, what) => rows.get(title)?.report(what),
      ended: (stage) => rows.get(stage.title)?.ended.resolve(stage),
    },
  };
};

/** Shows the steps of a run on stderr. */
export const showSteps = <C>(steps: readonly Step<C>[], kind: DisplayKind): Shown => {
  if (kind === 'tree') return tree(steps);
  const show = kind === 'groups' ? logGroups : showLines;
  return { display: show((text) => void process.stderr.write(text)), drawn: Promise.resolve() };
};
