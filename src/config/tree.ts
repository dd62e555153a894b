import { findNearest } from '../lib/nearest.ts';

/** A configuration before it is checked: nested objects with anything at the leaves. */
export type Tree = { readonly [key: string]: unknown };

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The tree with one leaf set; objects on the way are made, and replace what is no object.
 * Tested in test/config/settings.test.ts.
 */
export const setIn = (tree: Tree, [key = '', ...rest]: readonly string[], value: unknown): Tree => {
  if (rest.length === 0) return { ...tree, [key]: value };
  const below = tree[key];
  return { ...tree, [key]: setIn(isTree(below) ? below : {}, rest, value) };
};

export const getIn = (tree: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, key) => {
    if (Array.isArray(value)) return value[Number(key)];
    return isTree(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }, tree);

/** Paths of all leaves; an empty object is one. */
export const leavesOf = (tree: Tree, path: readonly string[] = []): readonly (readonly string[])[] =>
  Object.entries(tree).flatMap(([key, value]) =>
    isTree(value) && Object.keys(value).length > 0 ? leavesOf(value, [...path, key]) : [[...path, key]],
  );

/** The key that was probably meant: at most a third of it, or two letters, differ. */
export const nearest = (word: string, candidates: readonly string[]): string | undefined => {
  const best = findNearest(word, candidates, (text) => text.toLowerCase());
  return best && best.edits <= Math.max(2, Math.floor(best.candidate.length / 3)) ? best.candidate : undefined;
};
