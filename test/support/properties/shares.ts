import type { Arbitrary } from 'fast-check';

/** How many of an input's parts, or of one input, a check took as good and judged; without it, all. */
export class Accepted {
  readonly count: number;
  constructor(count: number) {
    this.count = count;
  }
}

/** What a check returns of an input that is none for its promise, as one of taskgate's errors says of it, too. */
export const refused = new Accepted(0);

/** What a check returns that is given several inputs at once. */
export const accepted = (count: number): Accepted => new Accepted(count);

/** The last of these, or `refused` if one is an error: for a check that asks on after an error. */
export const unlessError = (...asked: readonly object[]): Accepted | undefined =>
  asked.some((one) => 'error' in one) ? refused : undefined;

const goods = new WeakMap<object, readonly unknown[]>();

/** An arbitrary that knows the good inputs from which it makes the others. */
export const knowing = <T>(arbitrary: Arbitrary<T>, good: readonly T[]): Arbitrary<T> => {
  goods.set(arbitrary, good);
  return arbitrary;
};

/** The good inputs that an arbitrary knows. */
export const goodOf = <T>(arbitrary: Arbitrary<T>): readonly T[] => (goods.get(arbitrary) ?? []) as readonly T[];

type Counts = { readonly inputs: number; readonly accepted: number };

/**
 * What is wrong with the share of accepted inputs, if it is less than the stated one by more than chance would have it:
 * by five standard deviations, which a few inputs seldom are and thousands always.
 */
export const findFewAccepted = ({ inputs, accepted: seen }: Counts, least: number): string | undefined => {
  const bound = least * inputs - 5 * Math.sqrt(inputs * least * (1 - least));
  if (seen >= bound) return undefined;
  return `${seen} of ${inputs} inputs were accepted, and at least ${100 * least} % must be: what is refused is not judged`;
};
