import { expect, test } from 'vitest';
import { inTurn, makeSeed } from '../../../src/commands/chaos/order.ts';

const items = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

const take = (count: number, seed: number): readonly string[] => {
  const turn = inTurn(items, seed);
  return Array.from({ length: count }, () => turn.next().value);
};

test('each round has every item once', () => {
  const taken = take(24, 7);
  for (const round of [0, 1, 2]) expect(taken.slice(8 * round, 8 * round + 8).toSorted()).toEqual(items);
});

test('a seed gives one order, another seed another', () => {
  expect(take(16, 7)).toEqual(take(16, 7));
  expect(take(16, 7)).not.toEqual(take(16, 8));
  expect(take(8, 7)).not.toEqual(take(16, 7).slice(8));
});

test('a seed is a number that a command line takes', () => {
  expect(String(makeSeed())).toMatch(/^\d{1,10}$/);
});
