import { mkdtempSync, rmSync } from 'node:fs';
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
const vitest = (command: readonly string[], options: object) =>
  execa('npx', ['vitest', ...command, '--project', 'unit', ...only, 'test/properties'], { reject: false, ...options });

/** The properties that would run: each gets the same part of the time. */
const countProperties = async (): Promise<number> => {
  const { stdout } = await vitest(['list', '--json'], {});
  return (JSON.parse(stdout.slice(stdout.indexOf('['))) as readonly unknown[]).length;
};

const folder = mkdtempSync(join(tmpdir(), 'taskgate-fuzz-'));
try {
  const [minutes, inputs] = [numberOf(values.minutes, '--minutes'), numberOf(values.inputs, '--inputs')];
  const count = await countProperties();
  if (count === 0) throw new Error(`no property has '${values.only}' in its name`);
  const figures = join(folder, 'figures');
  process.stderr.write(`${count} properties, --seed ${values.seed}\n`);
  const env = {
    FUZZ_SEED: values.seed,
    FUZZ_INPUTS: String(inputs ?? mostInputs),
    FUZZ_FIGURES: figures,
    ...(minutes !== undefined && { FUZZ_MS: String((minutes * 60_000) / count) }),
  };
  const { exitCode } = await vitest(['run', '--no-file-parallelism'], { env, stdout: 'inherit', stderr: 'inherit' });
  const rows = readFigures(figures);
  process.stdout.write(`\n${figuresTable(rows)}\n`);
  const failures = failuresOf(rows);
  for (const text of failures) process.stdout.write(`\n${text}\n`);
  process.exitCode = failures.length > 0 ? 1 : (exitCode ?? 1);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
