import { expect, test } from 'vitest';
import { isText } from '../../scripts/mutation/ignore-texts.ts';

const literal = (value: unknown) => ({ type: 'StringLiteral', value });
const template = (raws: readonly string[], parts: readonly string[] = ['Identifier']) => ({
  type: 'TemplateLiteral',
  quasis: raws.map((raw) => ({ value: { raw } })),
  expressions: parts.map((type) => ({ type })),
});

test.for([
  ['a sentence', literal('is not there'), true],
  ['an id', literal('cluster.stopped'), false],
  ['one word', literal('running'), false],
  ['a separator', literal(', '), false],
  ['a flag', literal('--name'), false],
  ['a sentence with a name in it', template(['the file ', ' is not there']), true],
  ['a sentence with a decision in it', template(['the file ', ' is there'], ['ConditionalExpression']), false],
  ['a path', template(['', '/taskgate.yaml']), false],
  ['a number', { type: 'NumericLiteral', value: 7 }, false],
] as const)('%s', ([, node, expected]) => {
  expect(isText(node)).toBe(expected);
});
