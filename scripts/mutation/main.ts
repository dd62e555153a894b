import { globSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { $, echo } from 'zx';
import { problemsOf, type Report, raise, scoresOf, tableOf } from './scores.ts';

const usage = `npm run mutation -- [--scores] [--raise] [FILE|FOLDER ...]

  FILE|FOLDER   below src; all of src if none is named
  --scores      no run: the scores of the last runs
  --raise       writes the scores that were reached into scripts/mutation/thresholds.json`;

const thresholdsFile = 'scripts/mutation/thresholds.json';
const reportFile = 'reports/mutation/incremental.json';

const readJson = async <T>(path: string): Promise<T> => JSON.parse(await readFile(path, 'utf8')) as T;

/**
 * A mutant may end or delete what it should not. As root it runs in namespaces of its own, so it finds no process and no
 * link of this host, and all that it leaves running ends with the run.
 */
const fenced = (command: readonly string[]): readonly string[] =>
  process.getuid?.() === 0
    ? [
        ...['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', '--net', '--'],
        ...['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...command],
      ]
    : command;

const patternOf = (path: string): string => (path.endsWith('.ts') ? path : `${path.replace(/\/$/, '')}/**/*.ts`);

const runStryker = async (paths: readonly string[]): Promise<void> => {
  const only = paths.length > 0 ? ['--mutate', paths.map(patternOf).join(',')] : [];
  const stryker = [process.execPath, 'node_modules/.bin/stryker', 'run', 'scripts/mutation/stryker.json'];
  await $({ stdio: 'inherit' })`${fenced([...stryker, ...only])}`;
};

/** Runs mutation tests of files of src and compares each folder's score with its threshold. The exit code: 1 where something fails. */
export const mutation = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { help: { type: 'boolean' }, scores: { type: 'boolean' }, raise: { type: 'boolean' } },
    allowPositionals: true,
  });
  if (values.help) {
    echo(usage);
    return 0;
  }
  if (!values.scores) await runStryker(positionals);
  const thresholds = await readJson<Readonly<Record<string, number>>>(thresholdsFile);
  const report = await readJson<Report>(reportFile);
  const scores = scoresOf(report, thresholds);
  for (const line of tableOf(scores, thresholds)) echo(line);
  if (values.raise) await writeFile(thresholdsFile, `${JSON.stringify(raise(thresholds, scores), null, 2)}\n`);
  const isWhole = !values.scores && positionals.length === 0;
  const problems = problemsOf({ report, thresholds, all: isWhole ? globSync('src/**/*.ts') : undefined });
  for (const problem of problems) echo(`failed: ${problem}`);
  return problems.length > 0 ? 1 : 0;
};
