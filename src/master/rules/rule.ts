// Tested in test/master/rules/validate.test.ts
import { findField, findItem, findString, type Item, type MapItem } from '../schema/document.ts';
import type { Position, Problem } from '../schema/problem.ts';

/** One rule on one key of a block; `check` returns what is wrong, or false. */
export type Rule<Scope> = {
  /** Dotted path from the block. */
  readonly key: string;
  /** An error unless given. */
  readonly severity?: Problem['severity'];
  readonly check: (scope: Scope) => string | false;
  readonly hint: string;
};

/** A resource manager of the file, with its pools. */
export type Manager = {
  readonly block: MapItem;
  readonly isRoot: boolean;
  /** Undefined if the file has none. */
  readonly pools: readonly Item[] | undefined;
};

/** A master's configuration as the rules see it. */
export type MasterFile = {
  readonly root: MapItem;
  /** All of type kubernetes or without a type; the root's first. */
  readonly kubernetes: readonly Manager[];
  readonly managers: readonly Manager[];
  /** As the master counts them: it always has a root one. */
  readonly managerCount: number;
};

export type ManagerScope = Manager & { readonly file: MasterFile };

/** The position of a key; for a missing one, that of its nearest parent, with the key's own path. */
export const positionAt = (block: Item, key: string): Position => {
  const path = block.path === '' ? key : `${block.path}.${key}`;
  const [head = '', ...rest] = key.split('.');
  const field = findField(block, head);
  if (!field) return { path, line: block.line, column: block.column };
  if (rest.length > 0 && field.value.kind === 'map') return { ...positionAt(field.value, rest.join('.')), path };
  const { line, column } = rest.length > 0 ? field : field.value;
  return { path, line, column };
};

/** Whether the key exists and has a value: viper drops null and empty blocks. */
export const has = (block: Item, key: string): boolean => {
  const found = findItem(block, key);
  return found !== undefined && found.kind !== 'null' && !(found.kind === 'map' && found.fields.length === 0);
};

/** Whether the key has a value that is not an empty text either: Go's default of most texts. */
export const isGiven = (block: Item, key: string): boolean => has(block, key) && findString(block, key) !== '';

/** Applies a table of rules to a block. */
export const applyRules = <Scope>(rules: readonly Rule<Scope>[], block: Item, scope: Scope): readonly Problem[] =>
  rules.flatMap(({ key, severity = 'error', check, hint }) => {
    const message = check(scope);
    return message === false ? [] : [{ ...positionAt(block, key), message, hint, severity }];
  });

/** Judges a value of an enumeration. */
export const oneOf = (value: string | undefined, allowed: readonly string[]): string | false =>
  value !== undefined &&
  value !== '' &&
  !value.includes('$') &&
  !allowed.includes(value) &&
  `'${value}' is not one of ${allowed.join(', ')}`;
