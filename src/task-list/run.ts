import { messageOf } from '../lib/errors.ts';
import type { Progress } from '../lib/progress.ts';
import type { Outcome, Stage } from '../model/stage.ts';
import { makeResults, type Results } from './results.ts';
import type { Begun, Step, StepTools } from './step.ts';

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
  readonly onWarning?: (text: string) => void;
  /** Collects what the steps make, also of a run that fails; what is in it already needs no step. */
  readonly results?: Results;
};

/** Start time of a step that was cancelled before its turn. */
const neverStarted = -1;

type Ended = { readonly outcome: Outcome; readonly note?: string };

/** Whether the steps that wait for one may begin. */
type MayGoOn = boolean;

/** Steps that have begun and not ended well, and those that have, with how to take each back. */
type Track<C> = {
  readonly halfDone: Set<{ readonly step: Step<C>; readonly undo: () => Promise<void> }>;
  readonly done: { readonly step: Step<C>; readonly release: () => Promise<void> }[];
};

type Run<C> = {
  readonly context: C;
  readonly results: Results;
  readonly track: Track<C>;
};

const perform = async <C>(
  { step, begun }: { readonly step: Step<C>; readonly begun: Begun<unknown> },
  { results, track }: Run<C>,
  tools: StepTools,
): Promise<void> => {
  const attempted = { step, undo: begun.undo };
  track.halfDone.add(attempted);
  const value = await begun.run(tools);
  track.halfDone.delete(attempted);
  track.done.push({ step, release: begun.release });
  results.set(step, value);
};

const attempt = async <C>(step: Step<C>, run: Run<C>, tools: Omit<StepTools, 'note' | 'fault'>): Promise<Ended> => {
  const begun = await step.begin(run.results, run.context);
  if (begun.skipped) {
    run.results.set(step, begun.skipped.value);
    return { outcome: 'skipped', note: begun.skipped.because };
  }
  let ended: Ended = { outcome: 'done' };
  const note: StepTools['note'] = (text): undefined => {
    if (ended.outcome === 'done') ended = { ...ended, note: text };
  };
  const fault: StepTools['fault'] = (text, outcome = 'failed'): undefined => {
    ended = { outcome, note: text };
  };
  await perform({ step, begun }, run, { ...tools, note, fault });
  return ended;
};

/** Each on its own: one that fails is told, does not stop the others, and does not hide why the run failed. */
const rollBack = async <C>({ halfDone, done }: Track<C>, warn: StepTools['warn']): Promise<void> => {
  const tellingOf = ({ title }: Step<C>, work: Promise<void>) =>
    work.catch((error) => warn(`"${title}" could not clean up after itself: ${messageOf(error)}`));
  const used = new Set(done.flatMap(({ step }) => step.needs));
  for (const { step, release } of done.toReversed()) {
    if (!used.has(step)) await tellingOf(step, release());
  }
  for (const { step, undo } of [...halfDone].toReversed()) await tellingOf(step, undo());
};

/** The steps that each one waits for. Throws for a step that uses what no earlier step of the list makes. */
const orderOf = <C>(steps: readonly Step<C>[], results: Results): ReadonlyMap<Step<C>, readonly Step<C>[]> => {
  const order = new Map<Step<C>, readonly Step<C>[]>();
  for (const [index, step] of steps.entries()) {
    const before = steps[index - 1];
    const waitsFor = (step.waitsFor ?? (before ? [before] : [])).filter((one) => !results.has(one));
    const missing = waitsFor.find((one) => !order.has(one));
    if (missing) throw new Error(`step '${missing.title}' must stand before '${step.title}'`);
    order.set(step, waitsFor);
  }
  return order;
};

/**
 * Runs steps side by side as far as what they wait for allows. When one fails or the signal aborts, the others are aborted,
 * those that had begun and not ended well are undone, last first, and the first error is thrown.
 */
export const runSteps = async <C>(steps: readonly Step<C>[], context: C, options: RunStepsOptions): Promise<void> => {
  const { display, onStage, results = makeResults() } = options;
  const warn: StepTools['warn'] = (text) => options.onWarning?.(text);
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  const beganAt = performance.now();
  const run: Run<C> = { context, results, track: { halfDone: new Set(), done: [] } };
  const errors: unknown[] = [];

  const guarded = async (step: Step<C>): Promise<readonly [Ended, MayGoOn]> => {
    const report: StepTools['report'] = (what) => display.reported(step.title, what);
    try {
      return [await attempt(step, run, { signal, report, warn }), true];
    } catch (error) {
      const cancelled = signal.aborted;
      errors.push(error);
      failure.abort(error);
      return [{ outcome: cancelled ? 'cancelled' : 'failed' }, false];
    }
  };
  const finish = (step: Step<C>, startMs: number, { outcome, note }: Ended): void => {
    const endMs = outcome === 'cancelled' && startMs < 0 ? startMs : performance.now() - beganAt;
    const stage = { title: step.title, startMs, endMs, outcome, ...(note && { note }) };
    display.ended(stage);
    if (startMs >= 0) onStage?.(stage);
  };
  const take = async (step: Step<C>, waits: readonly Promise<MayGoOn>[]): Promise<MayGoOn> => {
    const mayBegin = (await Promise.all(waits)).every(Boolean);
    if (signal.aborted || !mayBegin) {
      finish(step, neverStarted, { outcome: 'cancelled' });
      return false;
    }
    const startMs = performance.now() - beganAt;
    display.started(step.title);
    const [ended, mayGoOn] = await guarded(step);
    finish(step, startMs, ended);
    return mayGoOn;
  };

  const taken = new Map<Step<C>, Promise<MayGoOn>>();
  for (const [step, waitsFor] of orderOf(steps, results)) {
    const waits = waitsFor.flatMap((one) => taken.get(one) ?? []);
    taken.set(step, take(step, waits));
  }
  await Promise.all(taken.values());
  if (errors.length === 0 && !options.signal.aborted) return;
  await rollBack(run.track, warn);
  options.signal.throwIfAborted();
  throw errors[0];
};
