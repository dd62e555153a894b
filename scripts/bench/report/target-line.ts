import type { Measurements } from '../results.ts';
import { type Spread, spreadOf } from '../statistics.ts';
import { describeSpread, type Unit } from '../units.ts';

export type Measured = { readonly value: string; readonly spread: string; readonly ok?: boolean };

/** One line of the table of targets; undefined where there is nothing measured. */
export type Line = {
  readonly title: string;
  readonly target: string;
  readonly measure: (measurements: Measurements) => Measured | undefined;
};

export type Pick = (measurements: Measurements) => Spread | undefined;
type Limit = { readonly limit: number; readonly unit: Unit };

const show = (spread: Spread, unit: Unit): Measured => ({
  value: unit(spread.median),
  spread: describeSpread(spread, unit),
});

/** A line whose median must not be above `limit`. */
export const atMost = (title: string, { limit, unit }: Limit, pick: Pick): Line => ({
  title,
  target: `≤ ${unit(limit)}`,
  measure: (measurements) => {
    const spread = pick(measurements);
    return spread && { ...show(spread, unit), ok: spread.median <= limit };
  },
});

/** A line of which no sample may be above `limit`. */
export const alwaysAtMost = (title: string, { limit, unit }: Limit, pick: Pick): Line => ({
  title,
  target: `each ≤ ${unit(limit)}`,
  measure: (measurements) => {
    const spread = pick(measurements);
    return spread && { ...show(spread, unit), ok: spread.max <= limit };
  },
});

/** A line without a target. */
export const plain = (title: string, unit: Unit, pick: Pick): Line => ({
  title,
  target: '',
  measure: (measurements) => {
    const spread = pick(measurements);
    return spread && show(spread, unit);
  },
});

type Found = { readonly count: number; readonly what: string; readonly isEnded?: boolean };

/** A line of what must not happen at all; `what` says more of it. */
export const none = (title: string, find: (measurements: Measurements) => Found | undefined): Line => ({
  title,
  target: '0',
  measure: (measurements) => {
    const found = find(measurements);
    if (!found) return undefined;
    const { count, what, isEnded = false } = found;
    return {
      value: `${count}${isEnded ? ', connection ended' : ''}`,
      spread: what,
      ok: count === 0 && !isEnded,
    };
  },
});

export const several = (samples: readonly number[] | undefined): Spread | undefined =>
  samples && samples.length > 0 ? spreadOf(samples) : undefined;
