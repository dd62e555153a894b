import type { Progress, Report } from '../lib/progress.ts';
import type { Outcome, Stage } from '../model/stage.ts';
/** What a step may use besides its context. */
export type StepTools = {
  /** Says what the step is doing or waiting for. */
  readonly report: Report;
  readonly signal: AbortSignal;
};

/** Makes one thing so, and is safe to repeat. */
export type Step<C> = {
  /** Imperative, no full stop. */
  readonly title: string;
  /** Steps that must have ended well before this one starts; without it, the step before it in the list. */
  readonly after?: readonly Step<C>[];
  /** The reason that the user sees why there is nothing to do, or false. */
  readonly skip?: (context: C) => Promise<string | false> | string | false;
  /** May return a note, such as why there was nothing to do. */
  readonly run: (context: C, tools: StepTools) => Promise<string | undefined>;
  /** Cleans up this step's own failed or interrupted attempt. */
  readonly undo?: (context: C) => Promise<void>;
  /** After this step was done, takes back what only later steps would have used, when one of them failed. */
  readonly abandon?: (context: C) => Promise<void>;
};

/** Shows a run to the user. Called for every step; nothing else prints meanwhile. */
export type StepDisplay = {
  readonly started: (title: string) => void;
  readonly reported: (title: string, what: string | Progress) => void;
  readonly ended: (stage: Stage) => void;
};

export type RunStepsOptions = {
  readonly display: StepDisplay;
  readonly signal: AbortSignal;
  /** Collects the stages as they end. */
  readonly onStage?: (stage: Stage) => void;
};

/** Start time of a step that was cancelled before its turn. */
const neverStarted = -1;

type Attempt = { readonly outcome: Outcome; readonly note?: string };

/** Steps that have begun and not ended well, and those that have. */
type Track<C> = { readonly halfDone: Step<C>[]; readonly done: Step<C>[] };

const attempt = async <C>(
  step: Step<C>,
  context: C,
  { tools, track: { halfDone, done } }: { readonly tools: StepTools; readonly track: Track<C> },
): Promise<Attempt> => {
  const reason = await step.skip?.(context);
  if (reason) return { outcome: 'skipped', note: reason };
  halfDone.push(step);
  const note = await step.run(context, tools);
  halfDone.splice(halfDone.indexOf(step), 1);
  done.push(step);
  return { outcome: 'done', ...(note && { note }) };
};

/**
 * Runs steps side by side as far as their `after` allows. When one fails or the signal aborts, the others are aborted,
 * those that had begun and not ended well are undone, last first, and the first error is thrown.
 */
export const runSteps = async <C>(steps: readonly Step<C>[], context: C, options: RunStepsOptions): Promise<void> => {
  const { display, onStage } = options;
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  const begun = performance.now();
  const track: Track<C> = { halfDone: [], done: [] };
  const errors: unknown[] = [];

  const guarded = async (step: Step<C>): Promise<Attempt> => {
    try {
      return await attempt(step, context, {
        tools: { signal, report: (what) => display.reported(step.title, what) },
        track,
      });
    } catch (error) {
      const cancelled = signal.aborted;
      errors.push(error);
      failure.abort(error);
      return { outcome: cancelled ? 'cancelled' : 'failed' };
    }
  };
  const finish = (step: Step<C>, startMs: number, { outcome, note }: Attempt): Outcome => {
    const endMs = outcome === 'cancelled' && startMs < 0 ? startMs : performance.now() - begun;
    const stage = { title: step.title, startMs, endMs, outcome, ...(note && { note }) };
    display.ended(stage);
    if (startMs >= 0) onStage?.(stage);
    return outcome;
  };
  const perform = async (step: Step<C>, needs: readonly Promise<Outcome>[]): Promise<Outcome> => {
    const outcomes = await Promise.all(needs);
    const isStopped = outcomes.some((outcome) => outcome === 'failed' || outcome === 'cancelled');
    if (signal.aborted || isStopped) return finish(step, neverStarted, { outcome: 'cancelled' });
    const startMs = performance.now() - begun;
    display.started(step.title);
    return finish(step, startMs, await guarded(step));
  };

  const performed = new Map<Step<C>, Promise<Outcome>>();
  for (const [index, step] of steps.entries()) {
    const before = steps[index - 1];
    const needs = step.after ?? (before ? [before] : []);
    performed.set(
      step,
      perform(
        step,
        needs.map((need) => lookUp(performed, need)),
      ),
    );
  }
  await Promise.all(performed.values());
  if (errors.length === 0 && !options.signal.aborted) return;
  await takeBack(track, context);
  options.signal.throwIfAborted();
  throw errors[0];
};

/** Each for itself: one that fails keeps no other from its turn, and must not hide why the run failed. */
const takeBack = async <C>({ halfDone, done }: Track<C>, context: C): Promise<void> => {
  for (const { abandon } of done.toReversed()) await abandon?.(context).catch(() => undefined);
  for (const { undo } of halfDone.toReversed()) await undo?.(context).catch(() => undefined);
};

const lookUp = <C>(performed: Map<Step<C>, Promise<Outcome>>, step: Step<C>): Promise<Outcome> => {
  const outcome = performed.get(step);
  if (!outcome) throw new Error(`step '${step.title}' must stand before those that come after it`);
  return outcome;
};
