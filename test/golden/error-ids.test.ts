import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { goldenLines } from '../support/golden/files.ts';
import { exitCodeOf, exitCodes, Interrupted, outputExitCode, settings, UserError } from '../support/golden/source.ts';

const root = join(import.meta.dirname, '..', '..');
const word = '[a-z0-9]+(?:-[a-z0-9]+)*';
/** Every text in quotes that begins as an id does, and whatever is given as an `id`. */
const literal = new RegExp(`'((?:${Object.keys(exitCodes).join('|')})\\.${word})'|\\bid: '(${word}\\.${word})'`, 'g');
/** Texts that look like ids and are none: settings are named in the same way, and two files. */
const others = new Set<string>([...settings.map(({ path }) => path), 'tunnel.sock', 'tunnel.log']);

/** In the whole of src, wherever files lie. */
const idsInSource = (): ReadonlySet<string> => {
  const texts = globSync('src/**/*.ts', { cwd: root }).map((path) => readFileSync(join(root, path), 'utf8'));
  const found = texts.flatMap((text) => [...text.matchAll(literal)].map(([, known, other]) => known ?? other ?? ''));
  return new Set(found.filter((id) => !others.has(id)));
};

type Id = UserError['id'];

const lineOf = (id: string): string => `${id} ${exitCodeOf(new UserError('seen', { id: id as Id }))}`;

test('users meet the error ids of error-ids.txt, with these exit codes', () => {
  const [found, known] = [[...idsInSource()].map(lineOf), goldenLines('error-ids.txt')];
  const missing = known.filter((line) => !found.includes(line));
  const unknown = found.filter((line) => !known.includes(line));
  expect(missing, 'scripts may wait for these: an id that was given out stays, with its exit code').toEqual([]);
  expect(unknown, 'a new id is welcome: add its line to test/golden/error-ids.txt').toEqual([]);
  expect(known, 'the list is sorted, and has no line twice').toEqual([...new Set(known)].toSorted());
});

describe('exit codes', () => {
  test('of each kind of error', () => {
    expect(exitCodes).toEqual({
      usage: 2,
      environment: 3,
      artifact: 4,
      cluster: 5,
      gateway: 6,
      tunnel: 7,
      proof: 8,
    });
  });

  test('of a bug and of signals', () => {
    expect(exitCodeOf(new Error('a bug'))).toBe(70);
    expect(exitCodeOf(new UserError('of no known kind', { id: 'colour.red' }))).toBe(70);
    expect(exitCodeOf(new Interrupted('SIGINT'))).toBe(130);
    expect(exitCodeOf(new Interrupted('SIGTERM'))).toBe(143);
    expect(exitCodeOf(new Interrupted('SIGHUP'))).toBe(129);
  });

  test('of output that is lost', () => {
    expect(outputExitCode).toBe(74);
  });
});
