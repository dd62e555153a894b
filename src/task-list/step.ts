import type { Report } from '../lib/progress.ts';
import type { Outcome } from '../model/stage.ts';
import type { Results } from './results.ts';

/** What a step may use besides its inputs. */
export type StepTools = {
  /** Says what the step is doing or waiting for. */
  readonly report: Report;
  /** Shown beside the step's title once it has ended. */
  readonly note: (text: string) => undefined;
  /**
   * What the step found is broken: it ends so, with its result, and the steps after it go on. `broken` is for a finding that
   * a later step may repair.
   */
  readonly fault: (text: string, outcome?: Extract<Outcome, 'failed' | 'broken'>) => undefined;
  /** What the user should know but what stops nothing. */
  readonly warn: (text: string) => void;
  readonly signal: AbortSignal;
};

/** What `run` may use besides: `keep` stores the result while there is more to do, also if the step fails then. */
export type RunTools<R> = StepTools & { readonly keep: (value: R) => void };

/** A step that was looked at: why there is nothing to do, or how to do it and how to take it back. */
export type Begun<R> = {
  readonly skipped: Skipped<R> | false;
  readonly run: (tools: StepTools) => Promise<R>;
  readonly undo: () => Promise<void>;
  /** Once `run` has ended well. */
  readonly release: () => Promise<void>;
};

/** A step of a command whose context is a C; it makes an R. */
export type Step<C, R = unknown> = {
  readonly title: string;
  /** Steps whose results it uses. */
  readonly needs: readonly Step<C>[];
  /** Steps that must have ended well before this one starts; undefined: the step before it in the list. */
  readonly waitsFor: readonly Step<C>[] | undefined;
  readonly begin: (results: Results, context: C) => Promise<Begun<R>>;
};

/** Why there is nothing to do, as the user sees it, and what the step would have made. */
export type Skipped<R> = { readonly because: string; readonly value: R };

/** The steps whose results a step uses, by the names that it uses them under. */
export type Needs<C> = Readonly<Record<string, Step<C>>>;
type Inputs<N> = { readonly [K in keyof N]: N[K] extends Step<never, infer R> ? R : never };
type Seen<N, L> = Inputs<N> & { readonly seen: L };

export type Definition<C, N extends Needs<C>, R, L> = {
  /** Imperative, no full stop. */
  readonly title: string;
  readonly needs?: N;
  /** Steps whose results it does not use, and that must have ended well before it starts. */
  readonly after?: readonly Step<C>[];
  /** What is there before anything is changed; changes nothing. `skip`, `run` and `undo` get it as `seen`. */
  readonly look?: (inputs: Inputs<N>, context: C) => Promise<L>;
  /** The reason that the user sees why there is nothing to do, with the result; the reason alone where there is none. */
  readonly skip?: (inputs: Seen<N, L>, context: C) => SkipVerdict<NoInfer<R>> | Promise<SkipVerdict<NoInfer<R>>>;
  /** Makes one thing so, and is safe to repeat. */
  readonly run: (inputs: Seen<N, L>, context: C, tools: RunTools<NoInfer<R>>) => Promise<R>;
  /** Cleans up this step's own failed or interrupted attempt. */
  readonly undo?: (inputs: Seen<N, L>, context: C) => Promise<void>;
  /** Takes a result back that no step has used, when another step failed. */
  readonly release?: (value: NoInfer<R>, inputs: Seen<N, L>, context: C) => Promise<void>;
};

type SkipVerdict<R> = false | Skipped<R> | (undefined extends R ? string : never);

const skippedOf = <R>(verdict: SkipVerdict<R> | undefined): Skipped<R> | false => {
  if (!verdict) return false;
  // a reason alone is only taken where the result may be undefined
  return typeof verdict === 'string' ? { because: verdict, value: undefined as R } : verdict;
};

const gather = <C, N extends Needs<C>>(needs: Needs<C>, results: Results): Inputs<N> =>
  Object.fromEntries(Object.entries(needs).map(([name, step]) => [name, results.get(step)])) as Inputs<N>;

/**
 * Defines the steps of a command whose context is a C. Without `needs` and `after` a step waits for the one before it.
 * Tested in test/task-list/run.test.ts.
 */
export const stepsOf =
  <C>() =>
  <R, N extends Needs<C> = Needs<C>, L = undefined>(definition: Definition<C, N, R, L>): Step<C, R> => {
    const { title, needs, after, look, skip, run, undo } = definition;
    const needed = Object.values(needs ?? {});
    const step: Step<C, R> = {
      title,
      needs: needed,
      waitsFor: needs || after ? [...needed, ...(after ?? [])] : undefined,
      begin: async (results, context) => {
        const inputs = gather<C, N>(needs ?? {}, results);
        const seen = { ...inputs, seen: (await look?.(inputs, context)) as L } as Seen<N, L>;
        let release = async (): Promise<void> => undefined;
        return {
          skipped: skippedOf<R>(await skip?.(seen, context)),
          run: async (tools) => {
            const value = await run(seen, context, { ...tools, keep: (kept) => results.set(step, kept) });
            release = async () => definition.release?.(value, seen, context);
            return value;
          },
          undo: async () => undo?.(seen, context),
          release: () => release(),
        };
      },
    };
    return step;
  };
