import { describe, expect, test } from 'vitest';
import { exitCodeOf, exitCodes } from '../../src/cli/exit-codes.ts';
import { type ErrorId, UserError } from '../../src/lib/errors.ts';
import { Interrupted } from '../../src/lib/process/interrupted.ts';

describe('the kind of an error, the first word of its id, decides', () => {
  test.each<[ErrorId, number]>([
    ['usage.config', 2],
    ['environment.machine', 3],
    ['artifact.disk-full', 4],
    ['cluster.stopped', 5],
    ['gateway.no-address', 6],
    ['tunnel.refused', 7],
    ['proof.broken-path', 8],
  ])('%s: %i', (id, code) => expect(exitCodeOf(new UserError('seen', { id }))).toBe(code));

  test('no two kinds share a code, and none has one that shells or we give a meaning', () => {
    const codes = Object.values(exitCodes);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.filter((code) => code < 2 || code >= 64)).toEqual([]);
  });
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s: %i', (signal, code) => {
  expect(exitCodeOf(new Interrupted(signal))).toBe(code);
  expect(new Interrupted(signal).message).toBe(`interrupted by ${signal}`);
});

test.each<[string, unknown]>([
  ['an error of ours that nobody expected', new Error('x')],
  ["a kind that is a name of Object's own", new UserError('x', { id: 'constructor.name' })],
  ['a kind that is not known', new UserError('x', { id: 'colour.red' })],
  ['a text', 'x'],
  ['nothing', undefined],
])('a bug: 70 for %s', (_, thrown) => expect(exitCodeOf(thrown)).toBe(70));
