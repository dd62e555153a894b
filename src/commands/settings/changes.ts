import { fixedSettings, keptPaths } from '../../config/kept.ts';
import { flagOf } from '../../config/settings.ts';
import type { GivenSettings, InstanceRecord } from '../../instance/record.ts';
import { UserError } from '../../lib/errors.ts';
import type { ChosenSettings } from '../../providers/context.ts';
import { keptOf, textOf, valueIn } from './kept.ts';

/** A setting that this run has otherwise than the instance. */
export type Change = {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
  /** Flag, variable or place in a file; `default` where the setting was let go. */
  readonly origin: string;
};

/** What this run changes in what an instance keeps. */
export const findChanges = (before: GivenSettings, { given, origins }: ChosenSettings): readonly Change[] =>
  keptPaths.flatMap((path) => {
    const change = { path, before: valueIn(before, path), after: valueIn(given, path) };
    const isOther = textOf(change.before) !== textOf(change.after);
    return isOther ? [{ ...change, origin: origins[path] ?? 'default' }] : [];
  });

/** Other refusals have their own words: a context, a network. */
const gatewaySettings: readonly string[] = fixedSettings.filter((path) => path.startsWith('gateway.'));

const drift = (name: string, { path, before, after, origin }: Change): UserError =>
  new UserError(`${path}: wanted ${textOf(after)} (${origin}), but instance ${name} has ${textOf(before)}`, {
    id: 'environment.drift',
    hint: `to keep it: ${flagOf(path)} ${textOf(before)}; to change it, take the instance down first (taskgate down --name ${name}), or choose another --name`,
  });

/**
 * Throws UserError `environment.drift` for a change that cannot be made in place: the former Gateway would be left behind,
 * with the tasks on it.
 */
export const verifyChanges = (record: InstanceRecord, chosen: ChosenSettings): void => {
  const { name, cluster, given, settings } = record;
  // of an older instance that never came to its end nobody knows what it was to have
  if (!cluster || !(given || settings)) return;
  const change = findChanges(keptOf(record), chosen).find(({ path }) => gatewaySettings.includes(path));
  if (change) throw drift(name, change);
};

/** For people: what changes, in one line each. */
export const describeChanges = (before: GivenSettings, chosen: ChosenSettings): readonly string[] =>
  findChanges(before, chosen).map(
    ({ path, before: old, after, origin }) => `${path}: ${textOf(old)} -> ${textOf(after)} (${origin})`,
  );

/** What an instance has otherwise than by default, and this run does not name: undefined where that is nothing. */
export const describeKept = ({ given, origins }: ChosenSettings): string | undefined => {
  const kept = keptPaths.filter((path) => origins[path] === 'instance' && given[path] !== undefined);
  const other = kept.filter((path) => textOf(given[path]) !== textOf(valueIn({}, path)));
  return other.length > 0 ? other.map((path) => `${path} ${textOf(given[path])}`).join(', ') : undefined;
};
