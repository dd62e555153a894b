import { expect, test } from 'vitest';
import { makeBudget } from '../../../src/tunnel/supervise/budget.ts';

const minute = 60_000;

test('twenty questions at once, then one each three quarters of the usual time', () => {
  let at = 0;
  const budget = makeBudget(30 * minute, () => at);
  for (let asked = 0; asked < 20; asked++) {
    expect(budget.waitMs()).toBe(0);
    budget.spend();
  }
  expect(budget.waitMs()).toBe(22.5 * minute);
  at += 22.5 * minute - 1;
  expect(budget.waitMs()).toBe(1);
  at += 1;
  expect(budget.waitMs()).toBe(0);
  budget.spend();
  expect(budget.waitMs()).toBe(22.5 * minute);
});

test('what was not asked is not saved up beyond the first twenty', () => {
  let at = 0;
  const budget = makeBudget(minute, () => at);
  at = 1000 * minute;
  for (let asked = 0; asked < 20; asked++) budget.spend();
  expect(budget.waitMs()).toBeGreaterThan(0);
});
