import type { z } from 'zod';
import { withoutPasswords } from '../lib/redact.ts';
import { settings } from './settings.ts';
import type { Source } from './sources.ts';
import { getIn, nearest, type Tree } from './tree.ts';

const knownKeysBelow = (path: readonly string[]): readonly string[] => {
  const prefix = path.map((part) => `${part}.`).join('');
  const below = settings.filter((setting) => setting.path.startsWith(prefix));
  return [...new Set(below.map((setting) => setting.path.slice(prefix.length).split('.')[0] ?? ''))];
};

const plain = (key: string): string => key.replaceAll(/[-_]/g, '').toLowerCase();

/** Where a key belongs that stands in the wrong section: `portRange` at the top is `gateway.portRange`. */
const findElsewhere = (key: string): string | undefined => {
  const paths = settings.flatMap(({ path }) => {
    const parts = path.split('.');
    const at = parts.findIndex((part) => plain(part) === plain(key));
    return at > 0 ? [parts.slice(0, at + 1).join('.')] : [];
  });
  const unique = [...new Set(paths)];
  return unique.length === 1 ? unique[0] : undefined;
};

const describeUnknown = (key: string, parent: readonly string[], locate: Source['locate']): string => {
  const known = knownKeysBelow(parent);
  const meant = nearest(key, known) ?? findElsewhere(key);
  const advice = meant ? `did you mean '${meant}'?` : `known here: ${known.join(', ')}`;
  return `${locate([...parent, key])}: unknown key '${[...parent, key].join('.')}'; ${advice}`;
};

/** A mirror without its scheme is no URL yet, but may have a password already. */
const shown = (value: unknown, path: readonly string[]): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return withoutPasswords(path.join('.') === 'mirror' ? text.replace(/(?<=^")[^/]*@|(?<=\/\/).*@/, '***@') : text);
};

const listOf = (words: readonly string[]): string => {
  const [last = '', ...others] = words.toReversed();
  return others.length > 0 ? `${others.toReversed().join(', ')} or ${last}` : last;
};

const types: Readonly<Record<string, string>> = {
  boolean: 'must be true or false',
  number: 'must be a whole number',
  int: 'must be a whole number',
  string: 'must be text',
  array: 'must be a list',
};

/** What would do, where the schema has no words of its own for it. */
const wanted = (issue: z.core.$ZodIssue, path: readonly string[]): string | undefined => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'object'
        ? `must be a block of settings (${knownKeysBelow(path).join(', ')})`
        : types[issue.expected];
    case 'invalid_value':
      return `must be ${listOf(issue.values.map(String))}`;
    case 'too_small':
      return issue.origin === 'string'
        ? `must have at least ${issue.minimum} characters`
        : `must be at least ${issue.minimum}`;
    case 'too_big':
      return issue.origin === 'string'
        ? `must have at most ${issue.maximum} characters`
        : `must be at most ${issue.maximum}`;
    case 'invalid_format':
      return issue.format === 'ipv4' ? 'must be an IPv4 address' : undefined;
    default:
      return undefined;
  }
};

/** The schema's own words say more than what is derived from its kind; those of zod do not. */
const inWords = (issue: z.core.$ZodIssue, path: readonly string[]): string =>
  (/^(Invalid|Too) /.test(issue.message) ? wanted(issue, path) : undefined) ?? issue.message;

/** Problems of a tree's shape, each with place, value seen and what would do. Tested in test/config/load.test.ts. */
export const describeIssue = (issue: z.core.$ZodIssue, tree: Tree, locate: Source['locate']): readonly string[] => {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => describeUnknown(key, path, locate));
  const value = getIn(tree, path);
  const place = `${locate(path)}: ${path.join('.')}:`;
  if (value === null) return [`${place} has no value; write one or remove the line`];
  return [`${place} ${inWords(issue, path)}, got ${shown(value, path)}`];
};
