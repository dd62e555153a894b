import { Listr, ListrLogger, PRESET_TIMER, ProcessOutput } from 'listr2';
import type { Stage, Step, StepDisplay } from './step.ts';

/** `tree`: a live list for a terminal; `lines`: a line when a step ends, for logs; `silent`: nothing. */
export type DisplayKind = 'tree' | 'lines' | 'silent';

/** A display, and a promise that resolves when all of it is drawn. */
export type Shown = { readonly display: StepDisplay; readonly drawn: Promise<unknown> };

const seconds = ({ startMs, endMs }: Stage): string => `${((endMs - startMs) / 1000).toFixed(1)}s`;
const marks = { done: '✔', skipped: '↓', failed: '✖', cancelled: '■' } as const;

const lines = (write: (text: string) => void): StepDisplay => {
  const lastReport = new Map<string, string>();
  return {
    started: () => undefined,
    reported: (title, line) => {
      if (lastReport.get(title) === line) return;
      lastReport.set(title, line);
      write(`  ${title}: ${line}\n`);
    },
    ended: (stage) => {
      if (stage.outcome === 'cancelled' && stage.startMs < 0) return;
      const time = stage.outcome === 'skipped' ? '' : ` (${seconds(stage)})`;
      write(`${marks[stage.outcome]} ${stage.title}${time}${stage.note ? `: ${stage.note}` : ''}\n`);
    },
  };
};

type Row = {
  readonly ended: PromiseWithResolvers<Stage>;
  report: (line: string) => void;
};

const tree = <C>(steps: readonly Step<C>[]): Shown => {
  const rows = new Map<string, Row>(
    steps.map(({ title }) => [title, { ended: Promise.withResolvers<Stage>(), report: () => undefined }]),
  );
  const list = new Listr(
    steps.map(({ title }) => ({
      title,
      rendererOptions: { timer: PRESET_TIMER },
      task: async (_, task) => {
        const row = rows.get(title);
        if (!row) return;
        row.report = (line) => {
          task.output = line;
        };
        const { outcome, note } = await row.ended.promise;
        if (outcome === 'skipped') task.skip(`${title}: ${note}`);
        if (outcome === 'failed' || outcome === 'cancelled') throw new Error(outcome);
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
      started: () => undefined,
      reported: (title, line) => rows.get(title)?.report(line),
      ended: (stage) => rows.get(stage.title)?.ended.resolve(stage),
    },
  };
};

/** Shows the steps of a run on stderr. */
export const showSteps = <C>(steps: readonly Step<C>[], kind: DisplayKind): Shown => {
  if (kind === 'tree') return tree(steps);
  const write = (text: string) => void process.stderr.write(text);
  const display = kind === 'lines' ? lines(write) : { started() {}, reported() {}, ended() {} };
  return { display, drawn: Promise.resolve() };
};
