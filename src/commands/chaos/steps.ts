// Tested in test/e2e/chaos.test.ts
import { UserError } from '../../lib/errors.ts';
import type { CommandContext } from '../../providers/context.ts';
import { stepsOf } from '../../task-list/step.ts';
import { ownProgram } from '../command.ts';
import { openInstance } from '../open-instance.ts';
import { findStatus } from '../status/look.ts';
import { collect } from './collect.ts';
import { upAgain } from './faults/up-again.ts';
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
  const again = upAgain([...ownProgram, 'up', '--name', context.config.name, '--ci']);
  return { ...(await openInstance(context)), context, slack: context.slack, onInjected, again };
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
      const outcome = await collect(scenario, () => runFault(scenario, arena, before), { outcomes, signal });
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
