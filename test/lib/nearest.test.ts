import { expect, test } from 'vitest';
import { findNearest } from '../../src/lib/nearest.ts';

test.each([
  ['name', ['name', 'names'], { candidate: 'name', edits: 0 }],
  ['nmae', ['provider', 'name'], { candidate: 'name', edits: 2 }],
  ['NAME', ['name'], { candidate: 'name', edits: 0 }],
  ['', ['abc'], { candidate: 'abc', edits: 3 }],
  ['kitten', ['sitting'], { candidate: 'sitting', edits: 3 }],
  ['a', ['b', 'c'], { candidate: 'b', edits: 1 }],
  ['name', [], undefined],
])('%j among %j', (word, candidates, expected) => {
  expect(findNearest(word, candidates, (text) => text.toLowerCase())).toEqual(expected);
});

test('a word that is longer than any name is near none: comparing it would take seconds', () => {
  const candidates = Array.from({ length: 500 }, (_, index) => `name-${index}`);
  expect(findNearest('x'.repeat(100_000), candidates, (text) => text)).toBeUndefined();
});
