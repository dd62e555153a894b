import { Listr, ListrEventType, ListrTaskState, ProcessOutput } from 'listr2';
import { describeProgress, type Progress } from '../../lib/progress.ts';
import type { Stage } from '../../model/stage.ts';
import type { StepDisplay } from '../run.ts';
import type { Terminal } from './canvas.ts';
import { LiveRenderer, type Track } from './renderer.ts';

/** A step as a task of listr2: it waits for its turn, and ends as the step does. */
type Row = {
  readonly track: Track;
  readonly began: PromiseWithResolvers<void>;
  readonly ended: PromiseWithResolvers<Stage | undefined>;
};

type Live = {
  readonly display: StepDisplay;
  /** Adds a line that stays. */
  readonly say: (line: string) => void;
  /** Resolves when all is drawn. What has not ended by now leaves no line. */
  readonly close: () => Promise<void>;
};

const emptyRow = (): Row => ({
  track: { startedAt: undefined, items: new Map(), stage: undefined },
  began: Promise.withResolvers(),
  ended: Promise.withResolvers(),
});

const taskOf = (title: string, { track, began, ended }: Row) => ({
  title,
  rendererOptions: { track },
  task: async (_: unknown, { task }: { readonly task: { state$: ListrTaskState } }): Promise<void> => {
    task.state$ = ListrTaskState.PAUSED;
    await Promise.race([began.promise, ended.promise]);
    task.state$ = ListrTaskState.STARTED;
    const outcome = (await ended.promise)?.outcome ?? 'cancelled';
    // listr2 takes a task that is still in the state STARTED for completed
    if (outcome === 'cancelled') task.state$ = ListrTaskState.CANCELLED;
    if (outcome === 'skipped') task.state$ = ListrTaskState.SKIPPED;
    if (outcome === 'failed') throw new Error(title);
  },
});

/** Undefined for what is the progress of an item, else the line that it is. */
const noteItem = ({ items }: Track, what: string | Progress): string | undefined => {
  if (typeof what === 'string' || (what.phase === undefined && !items.has(what.name))) return describeProgress(what);
  items.set(what.name, what);
  return undefined;
};

/** Stderr, by listr2's own writer; never its `hijack`, which hides the cursor. */
const stderr = (): Terminal => {
  const output = new ProcessOutput(process.stderr, process.stderr);
  return {
    write: (text) => void output.toStderr(text, false),
    size: () => ({ columns: process.stderr.columns || 80, rows: process.stderr.rows || 24 }),
  };
};

/** For a terminal: shows the steps of these titles as listr2's tasks. What has not begun is counted only. */
export const showLive = (titles: readonly string[], terminal: Terminal = stderr()): Live => {
  const rows = new Map(titles.map((title) => [title, emptyRow()]));
  const said: string[] = [];
  const list = new Listr(
    [...rows].map(([title, row]) => taskOf(title, row)),
    {
      ...{ concurrent: true, exitOnError: false, registerSignalListeners: false },
      ...{ renderer: LiveRenderer, rendererOptions: { terminal, said } },
    },
  );
  const tasks = new Map([...rows.keys()].map((title, index) => [title, list.tasks[index]]));
  const drawn = list.run();
  return {
    say: (line) => {
      said.push(line);
      list.events.emit(ListrEventType.SHOULD_REFRESH_RENDER);
    },
    close: async () => {
      for (const { ended } of rows.values()) ended.resolve(undefined);
      await drawn;
    },
    display: {
      started: (title) => {
        const row = rows.get(title);
        if (row) row.track.startedAt = performance.now();
        row?.began.resolve();
      },
      reported: (title, what) => {
        const [row, task] = [rows.get(title), tasks.get(title)];
        const line = row && noteItem(row.track, what);
        if (task && line !== undefined) task.output$ = line;
      },
      ended: (stage) => {
        const row = rows.get(stage.title);
        if (row) row.track.stage = stage;
        row?.ended.resolve(stage);
      },
    },
  };
};
