// Tested in test/e2e/chaos.test.ts
import { UserError } from '../../lib/errors.ts';
import type { CommandContext } from '../../providers/context.ts';
import { stepsOf } from '../../task-list/step.ts';
import { ownProgram } from '../command.ts';
import { openInstance } from '../open-instance.ts';
import { findStatus } from '../status/look.ts';
import { judge, type Outcome } from './judge.ts';
import { type Arena, inventoryOf, runFault } from './one-fault.ts';
import { inTurn } from './order.ts';
import type { Scenario } from './scenarios.ts';

/** What a run is to break, and for how long; its outcomes are collected as they come, also of a run that is cut off. */
export type ChaosContext = CommandContext & {
  readonly toBreak: readonly Scenario[];
  readonly seed: number;
  /** Without it each scenario is run once. */
  readonly durationMs?: number;
  /** How many times as long as stated anything may take. */
  readonly slack: number;
  readonly outcomes: Outcome[];
};

/** Throws UserError `cluster.not-well`: what was broken before cannot be seen to come back. */
const verifyWell = async (context: CommandContext): Promise<void> => {
  const [problem] = (await findStatus(context))?.problems ?? [];
  if (!problem) return;
  throw new UserError(`instance ${context.config.name} is not well before anything is broken: ${problem.message}`, {
    id: 'cluster.not-well',
    hint: problem.hint,
  });
};

const openArena = async (context: ChaosContext, onInjected: Arena['onInjected']): Promise<Arena> => {
  const { config, runner, signal, slack } = context;
  const up = [...ownProgram, 'up', '--name', config.name, '--ci'] as const;
  return { ...(await openInstance(context)), context, slack, onInjected, again: () => runner(up, { signal }) };
};

const notInjected = (scenario: Scenario, text: string): Outcome => ({
  ...{ scenario, injected: '', notInjected: text, recovery: { isRecovered: false, seen: text } },
  ...{ held: [], churn: { rounds: 0, failures: 0 }, leftovers: [] },
});

/** What could not be injected is one of the outcomes, and the run goes on; any other error ends it. */
const tryFault = async (scenario: Scenario, arena: Arena, before: readonly string[]): Promise<Outcome> => {
  try {
    return await runFault(scenario, arena, before);
  } catch (error) {
    if (!(error instanceof UserError) || error.id !== 'proof.not-injected' || arena.context.signal.aborted) throw error;
    return notInjected(scenario, error.message);
  }
};

const describe = (outcome: Outcome): string => {
  const { scenario, recovery, held } = outcome;
  const failures = judge(outcome);
  const when = recovery.isRecovered ? `recovered after ${(recovery.afterMs / 1_000).toFixed(1)} s` : 'not recovered';
  const answers = held.reduce((sum, { answered }) => sum + answered, 0);
  const wrong = failures.map(({ text }) => `; ${text}`).join('');
  return `${scenario.name}: ${outcome.injected}; ${when}; ${answers} answers on held connections${wrong}`;
};

/** Breaks one part after the other, and waits each time until all is well again. */
export const breakInTurn = stepsOf<ChaosContext>()({
  title: 'Break one part at a time',
  run: async (_, context, { report, note, fault, signal }): Promise<void> => {
    const { toBreak, seed, durationMs, outcomes } = context;
    const inner = { ...context, signal };
    await verifyWell(inner);
    const endsAt = durationMs === undefined ? undefined : performance.now() + durationMs;
    let before = await inventoryOf(await openArena(inner, report));
    for (const scenario of inTurn(toBreak, seed)) {
      const isOver = endsAt === undefined ? outcomes.length >= toBreak.length : performance.now() >= endsAt;
      if (isOver) break;
      const number = `${outcomes.length + 1}: ${scenario.name}`;
      report(number);
      const arena = await openArena(inner, (seen) => report(`${number}: ${seen}`));
      const outcome = await tryFault(scenario, arena, before);
      outcomes.push(outcome);
      report(`${outcomes.length}: ${describe(outcome)}`);
      if (outcome.notInjected === undefined && !outcome.recovery.isRecovered) break;
      // told once
      if (outcome.leftovers.length > 0) before = await inventoryOf(arena);
    }
    const failed = outcomes.filter((one) => judge(one).length > 0);
    if (failed.length > 0) fault(`${failed.length} of ${outcomes.length} faults broke a promise`);
    note(`${outcomes.length} faults`);
  },
});
