import { randomInt } from 'node:crypto';

/** Numbers from 0 to below 1 that a seed decides (mulberry32, public domain). */
const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

export const makeSeed = (): number => randomInt(2 ** 31);

/** The items over and over: each round has all of them, in an order that the seed decides. */
export function* inTurn<T>(items: readonly T[], seed: number): Generator<T, never> {
  const random = seeded(seed);
  for (;;) {
    const round = [...items];
    while (round.length > 0) yield* round.splice(Math.floor(random() * round.length), 1);
  }
}
