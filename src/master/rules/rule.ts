import { findField, findItem, type Item, type MapItem } from '../schema/document.ts';
import type { Position, Problem } from '../schema/problem.ts';

/** One rule on one key of a block; `check` answers with what is wrong, or false. */
export type Rule<Scope> = {
  readonly id: string;
  /** Dotted path from the block. */
  readonly key: string;
  readonly severity: Problem['severity'];
  readonly check: (scope: Scope) => string | false;
  readonly hint: string;
};

/** A resource manager of the file, with the pools beside it. */
export type Manager = {
  readonly block: MapItem;
  readonly isRoot: boolean;
  /** Undefined when the file gives none. */
  readonly pools: readonly Item[] | undefined;
};

/** A master's configuration as the rules see it. */
export type MasterFile = {
  readonly root: MapItem;
  /** The root's first. All of type kubernetes, or without a type. */
  readonly kubernetes: readonly Manager[];
  readonly managers: readonly Manager[];
  /** How many the master sees: a root one is always there. */
  readonly managerCount: number;
};

export type ManagerScope = Manager & { readonly file: MasterFile };

/** Where a key is, or would be: the place of its nearest parent that exists, with the key's own path. */
export const positionAt = (block: Item, key: string): Position => {
  const path = block.path === '' ? key : `${block.path}.${key}`;
  const [head = '', ...rest] = key.split('.');
  const field = findField(block, head);
  if (!field) return { path, line: block.line, column: block.column };
  if (rest.length > 0 && field.value.kind === 'map') return { ...positionAt(field.value, rest.join('.')), path };
  const { line, column } = rest.length > 0 ? field : field.value;
  return { path, line, column };
};

/** Whether the key is there, with a value. */
export const has = (block: Item, key: string): boolean => {
  const kind = findItem(block, key)?.kind;
  return kind !== undefined && kind !== 'null';
};

/** What a table of rules says about a block. */
export const applyRules = <Scope>(rules: readonly Rule<Scope>[], block: Item, scope: Scope): readonly Problem[] =>
  rules.flatMap(({ key, severity, check, hint }) => {
    const message = check(scope);
    return message === false ? [] : [{ ...positionAt(block, key), message, hint, severity }];
  });

/** What is wrong with a word that must be one of a few. */
export const oneOf = (value: string | undefined, allowed: readonly string[]): string | false =>
  value !== undefined &&
  value !== '' &&
  !value.includes('$') &&
  !allowed.includes(value) &&
  `'${value}' is not one of ${allowed.join(', ')}`;
