import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UserError } from '../../src/lib/errors.ts';
import { mutatedText } from '../support/properties/mutations.ts';
import { judgeProperty, type PropertyOptions } from '../support/properties/property.ts';
import { accepted, findFewAccepted, refused } from '../support/properties/shares.ts';
import { newTally } from '../support/properties/watch.ts';

const no = (): never => {
  throw new UserError('no', { id: 'usage.config', hint: 'x' });
};

const limits = { slowestMs: 5_000, longestMs: 20 };
const judge = async <T>(arbitrary: fc.Arbitrary<T>, check: (input: T) => unknown, options: PropertyOptions<T> = {}) => {
  const tally = newTally();
  const failure = await judgeProperty({ name: 'p', arbitrary, check, options }, { tally, limits });
  return { failure, tally };
};

test.each([
  ['an error for the user', no],
  ['what it returns', () => refused],
  ['an error for the user that comes later', async () => no()],
])('a property that refuses all its inputs by %s fails, unless it says so', async (_, check) => {
  const { failure, tally } = await judge(fc.string(), check);
  expect(failure?.text).toMatch(/^p: broken promise: 0 of \d+ inputs were accepted, and at least 100 % must be/);
  expect(tally.inputs).toBeGreaterThan(0);
  expect(await judge(fc.string(), check, { accepts: 0 })).toMatchObject({ failure: undefined, tally: { accepted: 0 } });
});

test('all inputs of a check that says nothing are accepted, and of several at once as many as it says', async () => {
  const all = await judge(fc.nat(9), () => undefined);
  expect([all.failure, all.tally.accepted]).toEqual([undefined, all.tally.inputs]);
  const half = await judge(fc.constant([1, 2]), () => accepted(1), { countOf: () => 2, accepts: 0.5 });
  expect([half.failure, half.tally.accepted * 2]).toEqual([undefined, half.tally.inputs]);
});

test('a good input that is refused, or fails, is named, whatever is accepted else', async () => {
  const check = (text: string) => (text === 'good' ? no() : undefined);
  const { failure } = await judge(mutatedText('fine', 'good'), check, { accepts: 0 });
  expect(failure?.text).toBe('p: broken promise: a good input is not accepted: "good"');
  const own = await judge(fc.string(), check, { accepts: 0, good: ['fine', 'good'] });
  expect(own.failure?.text).toContain('"good"');
});

test('a promise that never settles fails, with its input', async () => {
  const { failure } = await judge(fc.constant('endless'), () => new Promise(() => undefined));
  expect(failure).toMatchObject({ kind: 'broken promise' });
  expect(failure?.text).toMatch(/has not ended after 20 ms[\s\S]*the smallest input: "endless"/);
});

test.each([
  [{ inputs: 10, accepted: 0 }, 0.3, false],
  [{ inputs: 100, accepted: 8 }, 0.3, false],
  [{ inputs: 100, accepted: 7 }, 0.3, true],
  [{ inputs: 10_000, accepted: 2_770 }, 0.3, true],
  [{ inputs: 10_000, accepted: 2_771 }, 0.3, false],
  [{ inputs: 1, accepted: 0 }, 1, true],
  [{ inputs: 1, accepted: 0 }, 0, false],
])('%j with a least share of %d: few? %s', (counts, least, isFew) => {
  expect(findFewAccepted(counts, least) !== undefined).toBe(isFew);
});
