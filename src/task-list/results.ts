/** What the steps of a run have made, by step. Tested in test/task-list/run.test.ts. */
export type Results = {
  /** Throws when the step has not ended well. */
  readonly get: <R>(step: Maker<R>) => R;
  /** Undefined when the step has not ended well. */
  readonly find: <R>(step: Maker<R>) => R | undefined;
  readonly has: (step: Maker<unknown>) => boolean;
  readonly set: <R>(step: Maker<R>, value: R) => void;
};

/** The part of a step that determines what it makes. */
type Maker<R> = {
  readonly title: string;
  readonly begin: (...input: never) => Promise<{ run: (...input: never) => Promise<R> }>;
};

export const makeResults = (): Results => {
  const made = new Map<Maker<unknown>, unknown>();
  return {
    get: <R>(step: Maker<R>) => {
      if (!made.has(step)) throw new Error(`step '${step.title}' has made nothing yet`);
      return made.get(step) as R;
    },
    find: <R>(step: Maker<R>) => made.get(step) as R | undefined,
    has: (step) => made.has(step),
    set: (step, value) => void made.set(step, value),
  };
};
