import type { Outcome } from '../../src/commands/chaos/judge.ts';
import { type Scenario, scenarios } from '../../src/commands/chaos/scenarios.ts';
import type { HeldTotal } from '../../src/commands/chaos/traffic/held.ts';

export const scenarioOf = (name: string): Scenario => {
  const found = scenarios.find((one) => one.name === name);
  if (!found) throw new Error(`there is no scenario ${name}`);
  return found;
};

/** A connection that got all its answers. */
export const heldTotal: HeldTotal = { asked: 40, answered: 40, lostBytes: 0, longestAnswerMs: 100 };

/** A fault that kept every promise, with other values in it. */
export const outcomeOf = (more: Partial<Outcome> = {}, scenario = 'etcd-killed'): Outcome => ({
  scenario: scenarioOf(scenario),
  injected: 'process 1 is gone',
  recovery: { isRecovered: true, afterMs: 2_000 },
  held: [{ way: 'forward', ...heldTotal }],
  churn: { rounds: 3, failures: 0 },
  leftovers: [],
  ...more,
});
