import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { countTests, fewerThan, readExpected, writeExpected } from './expected.ts';
import type { Ending } from './judge.ts';
import { type LanesContext, runPhases } from './lanes.ts';
import { only, type Phase, plan, stagesOf } from './plan.ts';
import { filesOf, readEvents } from './run-stage.ts';
import { isGood, renderTable } from './table.ts';

const usage = `Usage: node scripts/ci.ts [--only KEY,...]
       node scripts/ci.ts --list
       node scripts/ci.ts --update-expected

Runs what CI runs, or the stages of these keys. --update-expected writes how many tests the suites had in their last whole
runs here to scripts/ci/expected-tests.json. Outputs and events are in reports/ci.
`;

const reportsDir = join(import.meta.dirname, '..', '..', 'reports', 'ci');

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

type RunContext = Omit<LanesContext, 'signal'> & {
  /** When all that runs is ended. */
  readonly deadlineMs: number;
};

/** The runner ends `.ci/run` after 90 minutes, without its table. What is left is for ending processes and nodes. */
export const runLimitMinutes = 84;

/** When the run is to end: counted from the start of `.ci/run`, in seconds since 1970, which also installs the packages. */
export const deadlineOf = (startSeconds: string | undefined, nowMs: number): number =>
  (startSeconds ? Number(startSeconds) * 1_000 : nowMs) + runLimitMinutes * 60_000;

const updateExpected = async (): Promise<number> => {
  const counts: Record<string, number> = {};
  for (const stage of stagesOf(plan)) {
    if (stage.suite === undefined) continue;
    const events = await readEvents(filesOf(reportsDir, stage));
    if (events.some(({ event }) => event === 'done')) counts[stage.suite] = countTests(events);
  }
  for (const line of fewerThan(await readExpected(), counts)) say(line);
  await writeExpected(counts);
  say(JSON.stringify(counts));
  return 0;
};

/**
 * Runs stages and prints the table. SIGTERM, SIGINT, SIGHUP and the run's deadline end what runs, and count it. Tested in
 * test/process/ci.test.ts.
 */
export const runPlan = async (phases: readonly Phase[], context: RunContext): Promise<number> => {
  const startMs = performance.now();
  const controller = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => controller.abort());
  const limit: Ending = { how: 'run-limit', minutes: runLimitMinutes };
  const timer = setTimeout(() => controller.abort(limit), Math.max(0, context.deadlineMs - Date.now()));
  const results = await runPhases(phases, { ...context, signal: controller.signal });
  clearTimeout(timer);
  for (const line of renderTable(results, (performance.now() - startMs) / 1_000)) say(line);
  return isGood(results) ? 0 : 1;
};

/** Runs a command line and gives its exit code. The last line of a run is `N passed, N failed`, however it ends. */
export const ci = async (args: readonly string[]): Promise<number> => {
  const options = {
    only: { type: 'string' },
    list: { type: 'boolean' },
    'update-expected': { type: 'boolean' },
    help: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  if (values.help) say(usage);
  if (values.list)
    say(
      stagesOf(plan)
        .map(({ key, title }) => `${key.padEnd(16)}${title}`)
        .join('\n'),
    );
  if (values.help || values.list) return 0;
  if (values['update-expected']) return updateExpected();
  try {
    const phases = values.only === undefined ? plan : only(plan, values.only.split(','));
    return await runPlan(phases, {
      ...{ reportsDir, expected: await readExpected(), say },
      deadlineMs: deadlineOf(process.env['CI_RUN_START'], Date.now()),
    });
  } catch (error) {
    say(error instanceof Error ? String(error.stack) : String(error));
    say('0 passed, 1 failed');
    return 1;
  }
};
