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
  return withoutPasswords(path.join('.') === 'mirror' ? text.replace(/^"[^/]*@|(?<=\/\/).*@/, '***@') : text);
};

/** Problems of a tree's shape, each with place, value seen and what would do. Tested in test/config/load.test.ts. */
export const describeIssue = (issue: z.core.$ZodIssue, tree: Tree, locate: Source['locate']): readonly string[] => {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => describeUnknown(key, path, locate));
  const value = getIn(tree, path);
  const place = `${locate(path)}: ${path.join('.')}:`;
  if (value === null) return [`${place} has no value; write one or remove the line`];
  return [`${place} ${issue.message.replace(/^Invalid (input|option): /, '')}, got ${shown(value, path)}`];
};
