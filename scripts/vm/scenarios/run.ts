import { messageOf, UserError } from '../../../src/lib/errors.ts';
import type { Say } from '../../rig/progress.ts';
import type { Machine } from '../machine.ts';
import { firewalld, ufw } from './firewalls.ts';
import { hidepid } from './hidepid.ts';
import { lifecycle } from './lifecycle.ts';
import { service } from './service.ts';
import { makeSession, type Scenario } from './session.ts';

const scenarios: Readonly<Record<string, Scenario>> = { lifecycle, service, firewalld, ufw, hidepid };

export type RunInput = {
  readonly say: Say;
  readonly signal: AbortSignal;
  /** Starts a machine, in which nothing has been done. */
  readonly start: () => Promise<Machine>;
};

/** The scenarios of these names, or all. Throws UserError `usage.command-line` for a name that there is not. */
export const chooseScenarios = (names: readonly string[]): readonly (readonly [string, Scenario])[] => {
  const known = Object.keys(scenarios);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0)
    return Object.entries(scenarios).filter(([name]) => names.length === 0 || names.includes(name));
  throw new UserError(`there is no scenario ${unknown.join(', ')}`, {
    id: 'usage.command-line',
    hint: `scenarios: ${known.join(', ')}`,
  });
};

/** Resolves with what went wrong, or undefined. */
const runOne = async (scenario: Scenario, input: RunInput): Promise<string | undefined> => {
  const machine = await input.start();
  try {
    await scenario.run(makeSession(machine, input));
    return undefined;
  } catch (error) {
    input.signal.throwIfAborted();
    return messageOf(error);
  } finally {
    await machine.end();
  }
};

/** Runs scenarios one after the other, each in a fresh machine; resolves with 0 when all went well. */
export const runScenarios = async (names: readonly string[], input: RunInput): Promise<number> => {
  const failures: string[] = [];
  for (const [name, scenario] of chooseScenarios(names)) {
    input.say(`scenario ${name}: ${scenario.title}`);
    const problem = await runOne(scenario, input);
    input.say(`scenario ${name}: ${problem === undefined ? 'passed' : `failed: ${problem}`}`);
    if (problem !== undefined) failures.push(name);
  }
  input.say(failures.length === 0 ? 'all scenarios passed' : `failed: ${failures.join(', ')}`);
  return failures.length === 0 ? 0 : 1;
};
