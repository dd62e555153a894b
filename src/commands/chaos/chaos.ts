import { existsSync } from 'node:fs';
import { findInstance, type Instance } from '../../instance/instance.ts';
import { withChaosLock } from '../../instance/lock.ts';
import { UserError } from '../../lib/errors.ts';
import { systemProgram } from '../../lib/process/system-path.ts';
import type { CommandContext } from '../../providers/context.ts';
import { renderCases } from '../../report/junit.ts';
import { runAndShow } from '../../task-list/run-and-show.ts';
import { asTyped } from '../as-typed.ts';
import { type CommandInput, displayKind, print, printJson, printNote, readMade } from '../command.ts';
import { verifyFilesOf, writeFileOf } from '../named-file.ts';
import { getInstance } from '../open-instance.ts';
import { asRoot } from '../sudo.ts';
import type { Facts } from './applies.ts';
import { type Choice, choose, describeScenarios, listScenarios } from './choose.ts';
import { notInjected } from './faults/processes.ts';
import type { Failing } from './judge.ts';
import { makeSeed } from './order.ts';
import { withSlack } from './scenarios.ts';
import { breakInTurn, type ChaosContext } from './steps.ts';
import { casesOf, renderSummary, type Summary, summarize } from './summary.ts';

export type ChaosFlags = {
  /** Names with commas between, `all`, or `list`. */
  readonly scenario: string;
  readonly minutes?: string;
  readonly seed?: string;
  readonly slack?: string;
  readonly junit?: string;
};

/** Each a whole number, with its least and its greatest. */
const ranges = {
  minutes: { least: 1, most: 100_000 },
  seed: { least: 0, most: 2 ** 32 - 1 },
  slack: { least: 1, most: 100 },
} as const;

/** The number that a flag has, if it was given. Throws UserError `usage.number`. */
export const readNumber = (flags: ChaosFlags, flag: keyof typeof ranges): number | undefined => {
  const text = flags[flag];
  const { least, most } = ranges[flag];
  if (text === undefined) return undefined;
  if (/^\d{1,10}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
  throw new UserError(`--${flag}: '${text}' is no whole number from ${least} to ${most}`, {
    id: 'usage.number',
    hint: `such as --${flag} 3`,
  });
};

const ids: Readonly<Record<Failing, `proof.${string}`>> = {
  'not-injected': 'proof.not-injected',
  'not-recovered': 'proof.not-recovered',
  'bytes-lost': 'proof.bytes-lost',
  'request-failed': 'proof.request-failed',
  'left-behind': 'proof.left-behind',
};

/** Throws UserError `proof.*` for the first promise that was broken, and where nothing was broken at all. */
export const refuseBroken = ({ scenarios, seed, faults }: Summary): void => {
  if (faults === 0) throw notInjected('nothing was broken');
  const broken = scenarios.flatMap(({ scenario, failures }) => failures.map((failure) => ({ scenario, ...failure })));
  const [first, ...more] = broken;
  if (!first) return;
  const others = more.length > 0 ? ` (and ${more.length} more)` : '';
  throw new UserError(`${first.scenario}: ${first.text}${others}`, {
    id: ids[first.kind],
    hint: `run it again alone: --scenario ${first.scenario}; in the same order: --seed ${seed}; see taskgate logs`,
  });
};

const factsOf = ({ record }: Pick<Instance, 'record'>): Facts => ({
  ...record(),
  missing: existsSync(systemProgram('nft')) ? [] : ['nft'],
});

const list = async (input: CommandInput, { config, folders }: CommandContext): Promise<void> => {
  const instance = await findInstance(folders.stateDir, config.name);
  const facts = instance && factsOf(instance);
  if (input.flags.json) printJson(listScenarios(facts));
  else print(describeScenarios(facts));
};

type Numbers = { readonly minutes: number | undefined; readonly seed: number; readonly slack: number };

const readNumbers = (flags: ChaosFlags): Numbers => ({
  minutes: readNumber(flags, 'minutes'),
  seed: readNumber(flags, 'seed') ?? makeSeed(),
  slack: readNumber(flags, 'slack') ?? 1,
});

type Run = Choice & Numbers & { readonly context: CommandContext; readonly junit: string | undefined };

const runChosen = async (input: CommandInput, run: Run): Promise<void> => {
  const { context, chosen, left, minutes, seed, slack, junit } = run;
  const toBreak = chosen.map((scenario) => withSlack(scenario, slack));
  const duration = minutes === undefined ? {} : { durationMs: minutes * 60_000 };
  const chaosContext: ChaosContext = { ...context, toBreak, seed, slack, outcomes: [], ...duration };
  printNote(`seed ${seed}: --seed ${seed} gives the same order`);
  const options = { kind: displayKind(input.invocation), signal: context.signal };
  const ended = { seed, slack, left, outcomes: chaosContext.outcomes };
  const failure = await withChaosLock(context, () => runAndShow([breakInTurn], chaosContext, options)).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const summary = summarize(ended);
  if (junit !== undefined) {
    await writeFileOf(junit, renderCases('taskgate chaos', casesOf(ended)), { env: context.env });
  }
  if (input.flags.json) printJson(summary);
  else if (ended.outcomes.length > 0) print(asTyped(renderSummary(summary), context.env));
  if (failure) throw failure.error;
  refuseBroken(summary);
};

/**
 * Breaks one part of a running instance after the other while tasks come and go, and proves that it comes back; gives the
 * exit code. Throws UserError `usage.chaos-scenario`, `usage.number`, and `proof.*` for the first promise that was broken.
 */
export const chaos = async (input: CommandInput, flags: ChaosFlags): Promise<number> => {
  const numbers = readNumbers(flags);
  const { context } = await readMade(input);
  if (flags.scenario === 'list') {
    await list(input, context);
    return 0;
  }
  const facts = factsOf(await getInstance(context));
  await verifyFilesOf([flags.junit], input.invocation.env);
  const choice = choose(flags.scenario, facts);
  return asRoot(input.invocation, {
    provider: facts.provider,
    work: () => runChosen(input, { ...choice, ...numbers, context, junit: flags.junit }),
  });
};
