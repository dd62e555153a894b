/** At first so many questions may follow each other: a start, a network that comes and goes. */
const atOnce = 20;
/** More than the usual questions need, so that some are left for what goes wrong. */
const share = 0.75;

/** How often a public end may be asked whose owner's account pays for each question. */
export type Budget = {
  readonly everyMs: number;
  /** How long the next question must wait; 0 for not at all. */
  readonly waitMs: () => number;
  /** One question was sent. */
  readonly spend: () => void;
};

/**
 * Usually one question each `everyMs`; whatever happens, no more than 20 and one each three quarters of that. `now` is in
 * milliseconds and only goes forward.
 */
export const makeBudget = (everyMs: number, now: () => number): Budget => {
  const refillMs = everyMs * share;
  const mostMs = atOnce * refillMs;
  let savedMs = mostMs;
  let at = now();
  const save = (): number => {
    const until = now();
    savedMs = Math.min(mostMs, savedMs + until - at);
    at = until;
    return savedMs;
  };
  return {
    everyMs,
    waitMs: () => Math.max(0, refillMs - save()),
    spend: () => {
      savedMs = save() - refillMs;
    },
  };
};
