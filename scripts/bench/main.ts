import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../src/lib/errors.ts';
import type { BenchContext } from './context.ts';
import { instanceName, makeTaskgate } from './instance/instance.ts';
import { inspectMachine } from './machine.ts';
import { measurements } from './measure/measure.ts';
import { type PartName, type PartPlan, parseWish, partNames, planParts, reportName, type Wish } from './parts.ts';
import { describeMachine, renderPage, renderText } from './report/report.ts';
import { resultTables } from './report/tables.ts';
import type { Measurements, PartOutcome, Problem, Results } from './results.ts';
import { seconds } from './units.ts';

const usage = `Usage: npm run bench [-- [--only PART,...] [--quick]]

Makes instances of taskgate on this machine, measures them, removes them. The table goes to stdout; JSON and a page to
reports/bench.json and reports/bench.html, of some parts only to reports/bench-PART.json and .html.

Parts: ${partNames.join(', ')}.
--quick: few samples, at most 50 listeners.
`;

const reportsDir = join(import.meta.dirname, '..', '..', 'reports');

const say = (line: string): void => void process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);

const makeContext = (stateHome: string, quick: boolean, signal: AbortSignal) => {
  const problems: Problem[] = [];
  const attempt: BenchContext['attempt'] = async (part, run) => {
    try {
      return await run();
    } catch (error) {
      signal.throwIfAborted();
      say(`${part} could not be measured: ${messageOf(error)}`);
      problems.push({ part, message: messageOf(error) });
      return undefined;
    }
  };
  const taskgate = makeTaskgate(stateHome, signal);
  const context: BenchContext = { quick, stateHome, taskgate, signal, say, attempt };
  return { context, problems };
};

type Bench = ReturnType<typeof makeContext>;

const measurePart = async ({ context, problems }: Bench, part: PartName) => {
  const [startMs, before] = [performance.now(), problems.length];
  const found = await context.attempt(part, () => measurements[part](context));
  const took = seconds(performance.now() - startMs);
  const detail = problems.length > before ? `in ${took}; what could not be measured is below` : `in ${took}`;
  const outcome = problems.length === before ? 'measured' : found ? 'in part' : 'failed';
  return { found, outcome: { part, outcome, detail } satisfies PartOutcome };
};

const measureParts = async (bench: Bench, plans: readonly PartPlan[]) => {
  const parts: PartOutcome[] = [];
  let measured: Measurements = { listeners: [] };
  for (const { part, isWanted, obstacle } of plans) {
    if (!isWanted || obstacle !== undefined) {
      const why = { outcome: isWanted ? 'cannot run here' : 'left out', detail: obstacle ?? 'by --only' } as const;
      parts.push({ part, ...why });
      continue;
    }
    say(`part ${part}`);
    const { found, outcome } = await measurePart(bench, part);
    parts.push(outcome);
    measured = { ...measured, ...found };
  }
  return { ...measured, parts };
};

const writeResults = async (results: Results, name: string): Promise<void> => {
  await mkdir(reportsDir, { recursive: true });
  await writeFile(join(reportsDir, `${name}.json`), `${JSON.stringify(results, null, 2)}\n`);
  await writeFile(join(reportsDir, `${name}.html`), renderPage(results));
  process.stdout.write(`${describeMachine(results.machine)}\n\n${resultTables(results).map(renderText).join('\n')}`);
  say(`written: ${reportsDir}/${name}.json, ${name}.html`);
};

const listenForSignals = (): AbortSignal => {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    // not `once`: signal-exit, which execa brings, ends the process when it finds no listener but its own
    process.on(name, () => controller.abort(new Error(`ended by ${name}`)));
  }
  return controller.signal;
};

/** A native node and the sshd of `testbed` hide /run, where a rig has its temporary files: then all go to a folder below /tmp. */
const makeStateHome = async (): Promise<string> => {
  if (!tmpdir().startsWith('/run/')) return mkdtemp(join(tmpdir(), 'tg-bench-'));
  const stateHome = await mkdtemp('/tmp/tg-bench-');
  process.env['TMPDIR'] = join(stateHome, 'tmp');
  await mkdir(join(stateHome, 'tmp'));
  return stateHome;
};

const run = async (wish: Wish): Promise<number> => {
  const [machine, startedAt, signal] = [inspectMachine(), new Date().toISOString(), listenForSignals()];
  say(describeMachine(machine));
  const plans = await planParts(wish, signal);
  const stateHome = await makeStateHome();
  say(`instance ${instanceName}, state folder ${stateHome}`);
  const bench = makeContext(stateHome, wish.quick, signal);
  const { problems, context } = bench;
  try {
    const measured = await measureParts(bench, plans);
    await writeResults({ startedAt, quick: wish.quick, machine, ...measured, problems }, reportName(wish.parts));
  } catch (error) {
    if (!signal.aborted) throw error;
    say(messageOf(signal.reason));
    return 1;
  } finally {
    await context.taskgate.down();
    await rm(stateHome, { recursive: true, force: true });
  }
  // a part that was asked for by name must be measured; of all, those that can be measured here
  const isRefused = wish.parts.length < partNames.length && plans.some(({ obstacle }) => obstacle !== undefined);
  return problems.length > 0 || isRefused ? 1 : 0;
};

/** Measures and returns the exit code: 1 when something could not be measured, however good the rest is. */
export const bench = async (args: readonly string[]): Promise<number> => {
  const wish = args.includes('--help') ? '' : parseWish(args);
  if (typeof wish !== 'string') return run(wish);
  process.stderr.write(wish ? `${wish}\n\n${usage}` : usage);
  return wish ? 2 : 0;
};
