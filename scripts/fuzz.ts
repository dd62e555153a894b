import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { failuresOf, figuresTable, readFigures } from './fuzz/figures.ts';

const usage = 'npm run fuzz -- [--minutes N] [--inputs N] [--only PARSER] [--seed S]';
const mostInputs = 1_000_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    inputs: { type: 'string' },
    only: { type: 'string' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});

const numberOf = (text: string | undefined, flag: string): number | undefined => {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new Error(`${flag}: '${text}' is no number; ${usage}`);
};

const only =
  values.only === undefined ? [] : ['--testNamePattern', values.only.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')];

const root = join(import.meta.dirname, '..');

/** The properties that would run: each gets the same part of the time. */
const countProperties = (): number => {
  const texts = globSync('test/properties/*.test.ts', { cwd: root }).map((path) =>
    readFileSync(join(root, path), 'utf8'),
  );
  const names = texts.flatMap((text) => [...text.matchAll(/^property\(\s*'([^']+)'/gm)].map(([, name = '']) => name));
  return names.filter((name) => name.includes(values.only ?? '')).length;
};

const folder = mkdtempSync(join(tmpdir(), 'taskgate-fuzz-'));
try {
  const [minutes, inputs] = [numberOf(values.minutes, '--minutes'), numberOf(values.inputs, '--inputs')];
  const count = countProperties();
  if (count === 0) throw new Error(`no property has '${values.only}' in its name`);
  const figures = join(folder, 'figures');
  process.stderr.write(`${count} properties, --seed ${values.seed}\n`);
  const env = {
    FUZZ_SEED: values.seed,
    FUZZ_INPUTS: String(inputs ?? mostInputs),
    FUZZ_FIGURES: figures,
    ...(minutes !== undefined && { FUZZ_MS: String((minutes * 60_000) / count) }),
  };
  const { exitCode } = await execa(
    'npx',
    ['vitest', 'run', '--project', 'unit', '--no-file-parallelism', ...only, 'test/properties'],
    { cwd: root, env, reject: false, stdout: 'inherit', stderr: 'inherit' },
  );
  const rows = readFigures(figures);
  process.stdout.write(`\n${figuresTable(rows)}\n`);
  const failures = failuresOf(rows);
  for (const text of failures) process.stdout.write(`\n${text}\n`);
  process.exitCode = failures.length > 0 ? 1 : (exitCode ?? 1);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
