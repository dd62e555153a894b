import { expect, test } from 'vitest';
import { has, isGiven, oneOf, positionAt } from '../../../src/master/rules/rule.ts';
import { findItem, type Item, parseLocated } from '../../../src/master/schema/document.ts';

const text = `port: 8080
db:
  host: x
  pool:
      size: 5
name: text
empty: {}
nothing:
blank: ""
list: []
`;
const root = parseLocated(text).root as Item;
const at = (key: string, block: Item = root) => {
  const { path, line, column } = positionAt(block, key);
  return `${path} ${line}:${column}`;
};

test.each([
  ['a value', 'port', 'port 1:7'],
  ['a block', 'db', 'db 3:3'],
  ['a value in a block', 'db.host', 'db.host 3:9'],
  ['a value in a block of a block', 'db.pool.size', 'db.pool.size 5:13'],
  ['what is missing at the top', 'other', 'other 1:1'],
  ['what is missing in a block', 'db.user', 'db.user 3:3'],
  ['what is missing in a block of a block', 'db.pool.most', 'db.pool.most 5:7'],
  ['what is missing with its block', 'log.level', 'log.level 1:1'],
  ['what is missing below a value: the key of that', 'name.first', 'name.first 6:1'],
])('the position of %s', (_, key, expected) => {
  expect(at(key)).toBe(expected);
});

test('a position in a block has the path from the root', () => {
  const db = findItem(root, 'db') as Item;
  expect(at('pool.size', db)).toBe('db.pool.size 5:13');
  expect(at('user', db)).toBe('db.user 3:3');
});

test.each([
  ['a number', 'port', true, true],
  ['a text', 'name', true, true],
  ['a block', 'db', true, true],
  ['an empty list', 'list', true, true],
  ['an empty text', 'blank', true, false],
  ['an empty block', 'empty', false, false],
  ['null', 'nothing', false, false],
  ['nothing at all', 'other', false, false],
])('%s is there, is given', (_, key, isThere, given) => {
  expect([has(root, key), isGiven(root, key)]).toEqual([isThere, given]);
});

test.each<[string | undefined, string | false]>([
  ['a', false],
  ['b', false],
  ['', false],
  [undefined, false],
  ['$LEVEL', false],
  ['c', "'c' is not one of a, b"],
  ['A', "'A' is not one of a, b"],
  ['a, b', "'a, b' is not one of a, b"],
])('%s as one of a and b', (value, expected) => {
  expect(oneOf(value, ['a', 'b'])).toBe(expected);
});
