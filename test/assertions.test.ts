import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const files = globSync('test/process/**/*.test.ts', { cwd: root });

/** The pieces of a file that begin with a declaration, or with a test of its own or of a group. */
const piecesOf = (text: string): readonly string[] => text.split(/^(?=const\b|(?: {2})?(?:test\b[.(<]|describe\b))/m);
const checks = (text: string): boolean => /\b(expect\w*|figure)\b/.test(text);
const nameOf = (piece: string): string | undefined => /^const (\w+) =/.exec(piece)?.[1];

/** A test checks by itself, or by a function of its file. `figure` compares with a target. */
const withoutCheck = (path: string): readonly string[] => {
  const pieces = piecesOf(readFileSync(join(root, path), 'utf8'));
  const helpers = pieces.filter(checks).flatMap((piece) => nameOf(piece) ?? []);
  return pieces
    .filter((piece) => /^ *test\b/.test(piece) && !checks(piece))
    .filter((piece) => !helpers.some((name) => new RegExp(`\\b${name}\\(`).test(piece)))
    .map((piece) => `${path}: ${piece.split('\n')[0]}`);
};

// of tests that run side by side, Vitest's requireAssertions counts one's assertions for another
test('each test of the process suite checks something', () => {
  expect(files.length).toBeGreaterThan(40);
  expect(files.flatMap(withoutCheck)).toEqual([]);
});
