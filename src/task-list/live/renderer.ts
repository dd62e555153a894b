import { type ListrEventManager, ListrEventType, type ListrRendererFactory, ListrTaskEventType, Spinner } from 'listr2';
import type { Progress } from '../../lib/progress.ts';
import type { Stage } from '../../model/stage.ts';
import { endedLine } from '../line-display.ts';
import { type Canvas, makeCanvas, type Terminal } from './canvas.ts';
import { drawFrame } from './frame.ts';

/** What a step has told that listr2's task has no place for. */
export type Track = {
  /** Undefined while the step waits for others: to listr2 its task runs all the same. */
  startedAt: number | undefined;
  readonly items: Map<string, Progress>;
  stage: Stage | undefined;
};

type Options = {
  readonly terminal: Terminal;
  /** Lines that go between those of the steps with the next picture. */
  readonly said: string[];
};

type Task = ConstructorParameters<ListrRendererFactory>[0][number];

const trackOf = (task: Task): Track => task.rendererTaskOptions.track;

const isRunning = (task: Task): boolean => trackOf(task).startedAt !== undefined && !task.hasFinalized();

const hasNotBegun = (task: Task): boolean => trackOf(task).startedAt === undefined && !task.hasFinalized();

const runningOf = (task: Task) => {
  const { startedAt = 0, items } = trackOf(task);
  const elapsedMs = performance.now() - startedAt;
  return { title: task.title ?? '', elapsedMs, items: [...items.values()], said: task.output };
};

/**
 * A renderer of listr2, which asks for a class: a line for each task that has ended, in the order of their ends, and below
 * them a picture of those that run. Tested in test/task-list/live/list.test.ts.
 */
export class LiveRenderer {
  /** It is shown on stderr; listr2 would look at stdout and take another renderer. */
  static nonTTY = true;
  static rendererOptions: Options;
  static rendererTaskOptions: { readonly track: Track };

  readonly #tasks: readonly Task[];
  readonly #options: Options;
  readonly #canvas: Canvas;
  readonly #spinner = new Spinner();

  constructor(tasks: Task[], options: Options, events?: ListrEventManager) {
    this.#tasks = tasks;
    this.#options = options;
    this.#canvas = makeCanvas(options.terminal);
    // comes for each output, too, many times a second: those wait for the next turn of the spinner
    events?.on(ListrEventType.SHOULD_REFRESH_RENDER, () => options.said.length > 0 && this.#draw());
  }

  render(): void {
    for (const task of this.#tasks) {
      task.on(ListrTaskEventType.STATE, () => isRunning(task) && this.#draw());
      task.on(ListrTaskEventType.CLOSED, () => {
        const { stage } = trackOf(task);
        this.#draw(stage ? endedLine(stage) : []);
      });
    }
    this.#spinner.start(() => this.#draw());
  }

  end(): void {
    this.#spinner.stop();
    this.#draw();
  }

  #draw(ended: readonly string[] = []): void {
    const { terminal, said } = this.#options;
    const running = this.#tasks.filter(isRunning).map(runningOf);
    const waiting = running.length > 0 ? this.#tasks.filter(hasNotBegun).length : 0;
    const picture = { running, waiting, mark: this.#spinner.fetch() };
    this.#canvas.draw([...said.splice(0), ...ended], drawFrame(picture, terminal.size()));
  }
}
