import { findDevclusterVariables, isDevcluster } from '../rules/devcluster.ts';
import type { Manager } from '../rules/rule.ts';
import { validateMasterConfig } from '../rules/validate.ts';
import { everyScalar, findItem, type Item, type ScalarItem } from '../schema/document.ts';
import { masterShape } from '../schema/master.ts';
import { errorAt, type Problem } from '../schema/problem.ts';
import { findVariables } from '../schema/variables.ts';
import type { Wanted } from './map-edit.ts';

/** A resource manager of a file, and the values to write into it. */
export type PatchTarget = { readonly manager: Manager; readonly wanted: Wanted };

type Change = { readonly before: Item; readonly after: Item; readonly targets: readonly PatchTarget[] };

/** Fields merged by `<<` count as the block's own. */
const plainPath = (path: string): string => path.replaceAll('.<<', '').toLowerCase();

const isWanted = (path: string, targets: readonly PatchTarget[]): boolean =>
  targets.some(({ manager: { block }, wanted }) =>
    [...Object.keys(wanted), 'determined_master_ip'].some((key) => {
      const own = plainPath(`${block.path}.${key}`);
      return plainPath(path) === own || plainPath(path).startsWith(`${own}.`);
    }),
  );

const byPath = (root: Item): ReadonlyMap<string, ScalarItem> =>
  new Map(everyScalar(root).map((item) => [plainPath(item.path), item]));

/** The item at an item's own path, which may lead through lists. */
const findAt = (root: Item, path: string): Item | undefined =>
  path
    .split(/[.[\]]+/)
    .filter(Boolean)
    .reduce<Item | undefined>(
      (parent, key) => (parent?.kind === 'list' ? parent.items[Number(key)] : findItem(parent, key.toLowerCase())),
      root,
    );

const nearestTo = (root: Item, path: string): Item =>
  findAt(root, path) ?? nearestTo(root, path.replace(/(\.?[^.[\]]+|\[\d+\])$/, ''));

/** Problems of the changed text, with the line numbers of the user's text. */
export const atOriginalPositions = (root: Item, problems: readonly Problem[]): readonly Problem[] =>
  problems.map((problem) => {
    const { line, column } = nearestTo(root, problem.path);
    return { ...problem, line, column };
  });

/** Changes outside of the wanted fields: a changed anchor also changes its aliases. */
const findLeaks = ({ before, after, targets }: Change): readonly Problem[] => {
  const old = byPath(before);
  return [...byPath(after)]
    .filter(([path, { text }]) => old.get(path)?.text !== text && !isWanted(path, targets))
    .map(([, item]) =>
      errorAt(item, 'would change too: it is an alias of a patched value', 'replace the alias by the value'),
    );
};

const findMissing = (after: Item, { manager, wanted }: PatchTarget): readonly Problem[] => {
  const keys = (fields: Wanted, prefix: string): readonly (readonly [string, unknown])[] =>
    Object.entries(fields).flatMap(([key, value]) =>
      typeof value === 'object' ? keys(value, `${prefix}${key}.`) : [[`${prefix}${key}`, value] as const],
    );
  const block = findAt(after, manager.block.path);
  return keys(wanted, '').flatMap(([key, value]) => {
    const found = findItem(block, key);
    if (found && 'value' in found && found.value === value) return [];
    return [errorAt(manager.block, `${key} cannot be written in this form`, 'write the block with one key a line')];
  });
};

/** Verifies that the changed text has all wanted values, and no other change. */
export const findStrayChanges = (change: Change): readonly Problem[] => {
  const leaks = findLeaks(change);
  return leaks.length > 0 ? leaks : change.targets.flatMap((target) => findMissing(change.after, target));
};

/** Variables in the patched keys that would reach the master unexpanded; those elsewhere in the file are the user's. */
export const findVariablesLeft = (root: Item, targets: readonly PatchTarget[]): readonly Problem[] => {
  const found = isDevcluster(root) ? findDevclusterVariables(root) : findVariables(root, masterShape('kubernetes'));
  return found.filter(({ severity, path }) => severity === 'error' && isWanted(path, targets));
};

/** Errors that the master or devcluster would report in the written values; errors elsewhere in the file are not reported. */
export const findFaults = (text: string, targets: readonly PatchTarget[]): readonly Problem[] =>
  validateMasterConfig(text).filter(({ severity, path }) => severity === 'error' && isWanted(path, targets));
