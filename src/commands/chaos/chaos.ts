// Tested in test/e2e/chaos.test.ts
import { existsSync } from 'node:fs';
import { withChaosLock } from '../../instance/lock.ts';
import { UserError } from '../../lib/errors.ts';
import { systemProgram } from '../../lib/process/system-path.ts';
import { renderCases } from '../../report/junit.ts';
import { runAndShow } from '../../task-list/run-and-show.ts';
import { asTyped } from '../as-typed.ts';
import { type CommandInput, displayKind, print, printJson, printNote, readMade } from '../command.ts';
import { verifyFilesOf, writeFileOf } from '../named-file.ts';
import { getInstance } from '../open-instance.ts';
import { asRoot } from '../sudo.ts';
import type { Facts } from './applies.ts';
import { type Choice, choose, describeScenarios } from './choose.ts';
import type { Failing } from './judge.ts';
import { makeSeed } from './order.ts';
import { breakInTurn, type ChaosContext } from './steps.ts';
import { casesOf, renderSummary, type Summary, summarize } from './summary.ts';

export type ChaosFlags = {
  /** Names with commas between, `all`, or `list`. */
  readonly scenario: string;
  readonly minutes?: string;
  readonly seed?: string;
  readonly junit?: string;
};

/** A whole number of at most seven digits. Throws UserError `usage.number`. */
const readNumber = (text: string, flag: string): number => {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new UserError(`${flag}: '${text}' is no whole number`, { id: 'usage.number', hint: `such as ${flag} 3` });
};

const ids: Readonly<Record<Failing, `proof.${string}`>> = {
  'not-injected': 'proof.not-injected',
  'not-recovered': 'proof.not-recovered',
  'bytes-lost': 'proof.bytes-lost',
  'request-failed': 'proof.request-failed',
  'left-behind': 'proof.left-behind',
};

/** Throws UserError `proof.*` for the first promise that was broken. */
const refuseBroken = ({ scenarios, seed }: Summary): void => {
  const broken = scenarios.flatMap(({ scenario, failures }) => failures.map((failure) => ({ scenario, ...failure })));
  const [first, ...more] = broken;
  if (!first) return;
  const others = more.length > 0 ? ` (and ${more.length} more)` : '';
  throw new UserError(`${first.scenario}: ${first.text}${others}`, {
    id: ids[first.kind],
    hint: `run it again alone: --scenario ${first.scenario}; in the same order: --seed ${seed}; see taskgate logs`,
  });
};

const findFacts = async (input: CommandInput) => {
  const { context } = await readMade(input);
  const record = (await getInstance(context)).record();
  const missing = existsSync(systemProgram('nft')) ? [] : ['nft'];
  return { context, facts: { ...record, missing } satisfies Facts };
};

const runChosen = async (input: CommandInput, { chosen, left }: Choice, flags: ChaosFlags): Promise<void> => {
  const { context } = await readMade(input);
  const seed = flags.seed === undefined ? makeSeed() : readNumber(flags.seed, '--seed');
  const durationMs = flags.minutes === undefined ? undefined : readNumber(flags.minutes, '--minutes') * 60_000;
  const optional = durationMs === undefined ? {} : { durationMs };
  const chaosContext: ChaosContext = { ...context, toBreak: chosen, seed, outcomes: [], ...optional };
  printNote(`seed ${seed}: --seed ${seed} gives the same order`);
  const options = { kind: displayKind(input.invocation), signal: context.signal };
  const run = { seed, left, outcomes: chaosContext.outcomes };
  const failure = await withChaosLock(context, () => runAndShow([breakInTurn], chaosContext, options)).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const summary = summarize(run);
  if (flags.junit !== undefined) {
    await writeFileOf(flags.junit, renderCases('taskgate chaos', casesOf(run)), { env: context.env });
  }
  if (input.flags.json) printJson(summary);
  else if (run.outcomes.length > 0) print(asTyped(renderSummary(summary), context.env));
  if (failure) throw failure.error;
  refuseBroken(summary);
};

/**
 * Breaks one part of a running instance after the other while tasks come and go, and proves that it comes back; gives the
 * exit code. Throws UserError `usage.chaos-scenario`, and `proof.*` for the first promise that was broken.
 */
export const chaos = async (input: CommandInput, flags: ChaosFlags): Promise<number> => {
  const { facts } = await findFacts(input);
  if (flags.scenario === 'list') {
    print(describeScenarios(facts));
    return 0;
  }
  await verifyFilesOf([flags.junit], input.invocation.env);
  const choice = choose(flags.scenario, facts);
  return asRoot(input.invocation, {
    provider: facts.provider,
    work: () => runChosen(input, choice, flags),
  });
};
