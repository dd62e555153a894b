import { UserError } from '../../lib/errors.ts';
import { findNearest } from '../../lib/nearest.ts';
import { applies, type Facts, forInstance } from './applies.ts';
import { type Scenario, scenarios } from './scenarios.ts';

export type Left = { readonly scenario: string; readonly why: string };

export type Choice = { readonly chosen: readonly Scenario[]; readonly left: readonly Left[] };

const unknown = (name: string): UserError => {
  const names = scenarios.map((one) => one.name);
  const near = findNearest(name, names, (text) => text);
  const meant = near && near.edits <= 4 ? `did you mean ${near.candidate}? ` : '';
  return new UserError(`--scenario: there is no scenario ${name}`, {
    id: 'usage.chaos-scenario',
    hint: `${meant}taskgate chaos --scenario list has them all`,
  });
};

const doesNotApply = (what: string): UserError =>
  new UserError(`--scenario: ${what}`, {
    id: 'usage.chaos-scenario',
    hint: 'taskgate chaos --scenario list shows those that can',
  });

/**
 * The scenarios that a word names: one, several with commas between, or `all` that apply. Throws UserError
 * `usage.chaos-scenario` for one that there is not, that does not apply, and where none of all does.
 */
export const choose = (wanted: string, facts: Facts): Choice => {
  const judged = scenarios.map((scenario) => ({ scenario, verdict: applies(scenario, facts) }));
  const left = judged.flatMap(({ scenario: { name }, verdict }) =>
    verdict === true ? [] : [{ scenario: name, why: verdict }],
  );
  const possible = judged.filter(({ verdict }) => verdict === true).map(({ scenario }) => forInstance(scenario, facts));
  if (wanted === 'all') {
    const [first] = left;
    if (possible.length === 0 && first) {
      throw doesNotApply(`none can be run on this instance: ${first.scenario}: ${first.why}`);
    }
    return { chosen: possible, left };
  }
  const chosen = wanted.split(',').map((name) => {
    const found = possible.find((one) => one.name === name);
    if (found) return found;
    const why = left.find((one) => one.scenario === name);
    throw why ? doesNotApply(`${name} cannot be run on this instance: ${why.why}`) : unknown(name);
  });
  return { chosen, left: [] };
};

/** A scenario as `--scenario list --json` has it. */
export type Listed = Pick<Scenario, 'name' | 'breaks' | 'comesBack' | 'lastsSeconds' | 'promiseSeconds'> & {
  /** Why it cannot be run on the instance. */
  readonly left?: string;
};

/** All scenarios; without the facts of an instance nothing is said about where they can be run. */
export const listScenarios = (facts: Facts | undefined): readonly Listed[] =>
  scenarios.map((scenario) => {
    const { name, breaks, comesBack, lastsSeconds, promiseSeconds } = scenario;
    const verdict = facts ? applies(scenario, facts) : true;
    return { name, breaks, comesBack, lastsSeconds, promiseSeconds, ...(verdict !== true && { left: verdict }) };
  });

/** The table of all scenarios: what each breaks, what comes back, by when, or why it is not run here. */
export const describeScenarios = (facts: Facts | undefined): string =>
  listScenarios(facts)
    .map(({ name, breaks, comesBack, promiseSeconds, lastsSeconds, left }) => {
      const lasts = lastsSeconds > 0 ? `, lasts ${lastsSeconds} s` : '';
      const why = left === undefined ? '' : `\n    not on this instance: ${left}`;
      return `${name}\n    breaks ${breaks}${lasts}\n    ${comesBack}, within ${promiseSeconds} s${why}`;
    })
    .join('\n');
