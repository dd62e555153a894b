import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const statement = /^(?:import|export)\s+(type\s+)?(?:[^'"`;]|\n)*?\s*from\s+'(\.[^']+)'/gm;

/** What a file imports of this repository, and whether types alone. */
const importsOf = (path: string) =>
  [...readFileSync(join(root, path), 'utf8').matchAll(statement)].map(([, type, from = '']) => ({
    target: relative(root, join(root, dirname(path), from)),
    isType: type !== undefined,
  }));

/** What runs the product's driver against a stand-in is no part of it. */
const drivesIt = /\/(scene|install)\.ts$/;

test('a stand-in is written by hand: of src it imports types of model and lib, and what asks an API server', () => {
  const programs = globSync('test/fakes/{determined,ngrok}/**/*.ts', { cwd: root }).filter(
    (path) => !drivesIt.test(path),
  );
  expect(programs.length).toBeGreaterThan(8);
  const wrong = programs.flatMap((path) =>
    importsOf(path)
      .filter(({ target }) => target.startsWith('src/'))
      .filter(({ target, isType }) => !target.startsWith('src/lib/') && !(isType && target.startsWith('src/model/')))
      .map(({ target }) => `${path} imports ${target}`),
  );
  expect(wrong).toEqual([]);
});
