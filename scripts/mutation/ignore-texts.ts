import type { Ignorer } from '@stryker-mutator/api/ignore';
import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

/** What is asked of a node of the syntax tree (Babel's). */
type Node = {
  readonly type: string;
  readonly value?: unknown;
  readonly quasis?: readonly { readonly value: { readonly raw: string } }[];
  readonly expressions?: readonly { readonly type: string }[];
};

const prose = /[a-z][,.;:)'`]* [a-z(]|^ [a-z]{2}|[a-z][,:;]? $/i;
const plainValues = new Set(['Identifier', 'MemberExpression', 'OptionalMemberExpression']);

/** Whether a literal is a sentence, or a part of one, for people. */
export const isText = ({ type, value, quasis = [], expressions = [] }: Node): boolean => {
  if (type === 'StringLiteral') return typeof value === 'string' && prose.test(value);
  if (type !== 'TemplateLiteral' || !expressions.every((part) => plainValues.has(part.type))) return false;
  return quasis.some(({ value: { raw } }) => prose.test(raw));
};

const reason = 'a text for people: tests find messages by their id';
const ignorer: Ignorer = {
  // the declared type of a path leaves its node out
  shouldIgnore: (path) => (isText((path as unknown as { readonly node: Node }).node) ? reason : undefined),
};

export const strykerPlugins = [declareValuePlugin(PluginKind.Ignore, 'texts', ignorer)];
