import { expect, test } from 'vitest';
import { mergesOf, withMerge } from '../../src/instance/merges.ts';

const a = { path: '/a', kubeContext: 'taskgate-dev' };
/** Another instance's in the same file. */
const sibling = { path: '/a', kubeContext: 'taskgate-other' };
const b = { path: '/b', kubeContext: 'taskgate-dev' };

test('each kubeconfig that got the context is kept, once', () => {
  expect(mergesOf({})).toEqual([]);
  expect(mergesOf({ merged: a })).toEqual([a]);
  const both = withMerge(withMerge({}, a), b);
  expect(both).toEqual({ merged: b, mergedBefore: [a] });
  expect(withMerge(both, a)).toEqual({ merged: a, mergedBefore: [b] });
  expect(mergesOf(withMerge(both, b))).toEqual([a, b]);
});

test('a file has the contexts of two names', () => {
  expect(withMerge(withMerge({}, a), sibling)).toEqual({ merged: sibling, mergedBefore: [a] });
});
