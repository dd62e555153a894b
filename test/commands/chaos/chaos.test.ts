import { describe, expect, test } from 'vitest';
import { type ChaosFlags, readNumber, refuseBroken } from '../../../src/commands/chaos/chaos.ts';
import { summarize } from '../../../src/commands/chaos/summary.ts';
import { outcomeOf } from '../../support/chaos.ts';
import { failureOf } from '../../support/failure-of.ts';

const flagsOf = (more: Partial<ChaosFlags>): ChaosFlags => ({ scenario: 'all', ...more });

describe('numbers of flags', () => {
  test.each([
    ['minutes', '1', 1],
    ['minutes', '100000', 100_000],
    ['seed', '0', 0],
    ['seed', '4294967295', 4_294_967_295],
    ['slack', '1', 1],
    ['slack', '100', 100],
  ] as const)('--%s %s', (flag, text, number) => {
    expect(readNumber(flagsOf({ [flag]: text }), flag)).toBe(number);
  });

  test('none', () => {
    expect(readNumber(flagsOf({}), 'slack')).toBeUndefined();
  });

  // no fault would be injected in 0 minutes, and none be in time with a slack of 0
  test.each([
    ['minutes', '0', '1 to 100000'],
    ['minutes', '100001', '1 to 100000'],
    ['minutes', '1.5', '1 to 100000'],
    ['seed', '4294967296', '0 to 4294967295'],
    ['seed', '-1', '0 to 4294967295'],
    ['slack', '0', '1 to 100'],
    ['slack', '101', '1 to 100'],
    ['slack', '', '1 to 100'],
  ] as const)('--%s %s is refused', async (flag, text, range) => {
    expect(
      await failureOf(Promise.resolve({ [flag]: text }).then((one) => readNumber(flagsOf(one), flag))),
    ).toMatchObject({
      ...{ id: 'usage.number', message: `--${flag}: '${text}' is no whole number from ${range}` },
      hint: `such as --${flag} 3`,
    });
  });
});

describe('how a run ends', () => {
  const run = { seed: 7, slack: 1, left: [] };

  test('well, where every fault kept its promises', () => {
    expect(() => refuseBroken(summarize({ ...run, outcomes: [outcomeOf()] }))).not.toThrow();
  });

  test('without a fault nothing is proven', () => {
    expect(() => refuseBroken(summarize({ ...run, outcomes: [] }))).toThrow(
      expect.objectContaining({ id: 'proof.not-injected', message: 'the fault was not injected: nothing was broken' }),
    );
  });
});
