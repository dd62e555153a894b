import { messageOf, UserError } from '../../lib/errors.ts';
import type { Outcome } from './judge.ts';
import type { Scenario } from './scenarios.ts';

const withoutFault = (scenario: Scenario, seen: string): Outcome => ({
  ...{ scenario, injected: '', recovery: { isRecovered: false, seen } },
  ...{ held: [], churn: { rounds: 0, failures: 0 }, leftovers: [] },
});

type Collecting = { readonly outcomes: Outcome[]; readonly signal: AbortSignal };

/**
 * Adds what a fault led to, whatever that was. What could not be injected is one of the outcomes, and the run goes on; any
 * other error is an outcome, too, and is thrown on, since what it left is not known. Only a run that is asked to end has none.
 */
export const collect = async (
  scenario: Scenario,
  run: () => Promise<Outcome>,
  { outcomes, signal }: Collecting,
): Promise<Outcome> => {
  const outcome = await run().catch((error: unknown): Outcome => {
    if (signal.aborted) throw error;
    const text = messageOf(error);
    if (error instanceof UserError && error.id === 'proof.not-injected') {
      return { ...withoutFault(scenario, text), notInjected: text };
    }
    outcomes.push({ ...withoutFault(scenario, text), error: text });
    throw error;
  });
  outcomes.push(outcome);
  return outcome;
};
