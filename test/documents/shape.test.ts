import { expect, test } from 'vitest';
import { missingLines, shapeOf } from '../support/docs/shape.ts';

test.each([
  ['✔ Start the cluster (5.8s)', '✔ Start the cluster (12.1s)'],
  ['at 10.211.255.2: port 6443', 'at 10.210.255.2: port 6443'],
  ['host ──> 127.0.0.1:20000      37 ms  connected', 'host ──> 127.0.0.1:20000  4.2 ms  connected'],
  ['det-46b42b42-1cb3-4ba5-9444-4712cf73b7b2-0', 'det-cf73b7b2-1cb3-4ba5-9444-471246b42b42-0'],
  ['native provider (as wanted), network', "native provider (auto: the program 'minikube' was not found), network"],
  ['Launched command (name: Command (neatly-dusty-badger)).', 'Launched command (name: Command (bold-new-otter)).'],
  ['as admin, password mXuTAU5HZj85FSQX9Ya3quTj (kept', 'as admin, password aB3aB3aB3aB3aB3aB3aB3aB3 (kept'],
  ['-------+--------', '---+---------------'],
  [
    'det-f0a8d5c1-cmd-46b42b42-1cb3-4ba5-9444-4712cf73b7b2-7lxq5',
    'det-abcdefab-cmd-cf73b7b2-1cb3-4ba5-9444-471246b42b42-zzzzz',
  ],
  [
    'det-f0a8d5c1-cmd-46b42b42-1cb3-4ba5-9444-4712cf73b7b2-0: Accepted',
    'det-abcdefab-cmd-cf73b7b2-1cb3-4ba5-9444-471246b42b42-1: Accepted',
  ],
])('of one shape: %s | %s', (one, other) => {
  expect(shapeOf(one)).toBe(shapeOf(other));
});

test.each([
  ['✔ Start the cluster (5.8s)', '✖ Start the cluster (5.8s)'],
  ['  to fix: a', '  to fix: b'],
  ['0 of 200 listeners', '0 of 200 listener'],
  ['Command (neatly-dusty-badger)', 'Shell (neatly-dusty-badger)'],
  ['password in /tmp/file', 'password mXuTAU5HZj85FSQX9Ya3quTj (kept in /tmp/file)'],
  ['a --help', 'a ---help'],
])('of another shape: %s | %s', (one, other) => {
  expect(shapeOf(one)).not.toBe(shapeOf(other));
});

test('what is shown must be there, in any order, with other lines between', () => {
  const output = 'b 2\nmore\na 1\n/home/me/.cache stays';
  expect(missingLines(['a 9', '...', 'b 9', '/root/.cache stays'], output, '/home/me')).toEqual([]);
  expect(missingLines(['a 9', 'c'], output)).toEqual(['c']);
});
