import { globSync } from 'node:fs';
import { join } from 'node:path';

type Patterns = { readonly include: string[]; readonly exclude?: string[] };

/** The files of tests of each suite: Vitest runs these, and CI looks for a test of each in the suite's report. */
export const suiteFiles = {
  unit: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/api/**', 'test/docs/**', 'test/e2e/**', 'test/process/**', 'test/minikube/**'],
  },
  process: { include: ['test/process/**/*.test.ts'] },
  api: { include: ['test/api/**/*.test.ts'] },
  e2e: { include: ['test/e2e/**/*.test.ts'] },
  docs: { include: ['test/docs/**/*.test.ts'] },
  minikube: { include: ['test/minikube/**/*.test.ts'] },
} satisfies Readonly<Record<string, Patterns>>;

const root = join(import.meta.dirname, '..', '..');

/**
 * The files of tests that a command of Vitest runs: those of its `--project`, without its `--exclude=FILE`; of these only the ones
 * that it names, if it names any. Throws for a project that there is none of.
 */
export const filesOfCommand = (command: readonly string[]): readonly string[] => {
  const project = command[command.indexOf('--project') + 1] ?? '';
  const patterns = (suiteFiles as Readonly<Record<string, Patterns>>)[project];
  if (patterns === undefined) throw new Error(`scripts/ci/suite-files.ts has no suite ${project}`);
  const left = command.flatMap((word) => /^--exclude=(.*)/.exec(word)?.[1] ?? []);
  const named = command.filter((word) => word.startsWith('test/'));
  return globSync(patterns.include, { cwd: root, exclude: [...(patterns.exclude ?? []), ...left] })
    .filter((file) => named.length === 0 || named.includes(file))
    .toSorted();
};
