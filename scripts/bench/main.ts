import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../src/lib/errors.ts';
import type { BenchContext } from './context.ts';
import { measureHeldConnection } from './held-connection.ts';
import { instanceName, makeTaskgate } from './instance.ts';
import { measureHelp, measureLifecycle } from './lifecycle.ts';
import { measureListeners } from './listeners.ts';
import { inspectMachine } from './machine.ts';
import type { Measurements, Problem, Results } from './results.ts';
import { startServer } from './server.ts';
import { describeMachine, renderPage, renderText, resultTables } from './tables.ts';
import { defaultLimit } from './targets.ts';
import { measureTraffic } from './traffic.ts';

const usage = `Usage: npm run bench [-- --quick]

Makes instances of taskgate on this machine, measures them, removes them. Writes reports/bench.json and
reports/bench.html; the table goes to stdout. --quick: few samples, at most 50 listeners.
`;

const reportsDir = join(import.meta.dirname, '..', '..', 'reports');

/** An instance of its own for one purpose, removed afterwards whatever happens. */
const withInstance = async <T>({ taskgate, say }: BenchContext, listenerLimit: number, use: () => Promise<T>) => {
  say(`starting an instance with listenerLimit ${listenerLimit}`);
  try {
    await taskgate.up({ TASKGATE_GATEWAY_LISTENER_LIMIT: String(listenerLimit) });
    return await use();
  } finally {
    await taskgate.down();
  }
};

type Path = Pick<Measurements, 'traffic' | 'held' | 'listeners'>;

const measurePath = async (context: BenchContext): Promise<Path> => {
  const { quick, taskgate, signal, say, attempt } = context;
  return withInstance(context, defaultLimit, async () => {
    const server = await startServer(taskgate, signal);
    say('traffic through the Gateway and beside it');
    const traffic = await attempt('traffic', () => measureTraffic(server, context));
    say('an open connection while listeners come and go');
    const held = await attempt('open connection', () => measureHeldConnection(server, context));
    const sizes = quick ? [1, 50] : [1, 50, 200];
    const listeners = await measureListeners(server, { listenerLimit: defaultLimit, sizes }, context);
    return { ...(traffic && { traffic }), ...(held && { held }), listeners };
  });
};

/** The same without the Gateway CRD's two quadratic rules. */
const measureRaisedLimit = (context: BenchContext) =>
  withInstance(context, 220, async () => {
    const server = await startServer(context.taskgate, context.signal);
    return measureListeners(server, { listenerLimit: 220, sizes: [50, 200] }, context);
  });

const measureAll = async (context: BenchContext): Promise<Measurements> => {
  const { quick, attempt } = context;
  const helpMs = await attempt('--help', () => measureHelp(context));
  const lifecycle = await attempt('lifecycle', () => measureLifecycle(context));
  const path = await attempt('path', () => measurePath(context));
  const raised = quick ? [] : await attempt('raised listenerLimit', () => measureRaisedLimit(context));
  return {
    ...(helpMs && { helpMs }),
    ...(lifecycle && { lifecycle }),
    ...path,
    listeners: [...(path?.listeners ?? []), ...(raised ?? [])],
  };
};

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
  const context: BenchContext = { quick, taskgate: makeTaskgate(stateHome, signal), signal, say, attempt };
  return { context, problems };
};

const writeResults = async (results: Results): Promise<void> => {
  await mkdir(reportsDir, { recursive: true });
  await writeFile(join(reportsDir, 'bench.json'), `${JSON.stringify(results, null, 2)}\n`);
  await writeFile(join(reportsDir, 'bench.html'), renderPage(results));
  process.stdout.write(`${describeMachine(results.machine)}\n\n${resultTables(results).map(renderText).join('\n')}`);
  say(`written: ${reportsDir}/bench.json, bench.html`);
};

const listenForSignals = (): AbortSignal => {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    // not `once`: signal-exit, which execa brings, ends the process when it finds no listener but its own
    process.on(name, () => controller.abort(new Error(`ended by ${name}`)));
  }
  return controller.signal;
};

/** Measures everything and returns the exit code: 1 when something could not be measured, however good the rest is. */
export const bench = async (args: readonly string[]): Promise<number> => {
  const unknown = args.filter((arg) => arg !== '--quick');
  if (unknown.length > 0) {
    process.stderr.write(usage);
    return unknown[0] === '--help' ? 0 : 2;
  }
  const quick = args.includes('--quick');
  const [machine, startedAt] = [inspectMachine(), new Date().toISOString()];
  say(describeMachine(machine));
  const stateHome = await mkdtemp(join(tmpdir(), 'tg-bench-'));
  say(`instance ${instanceName}, state folder ${stateHome}`);
  const signal = listenForSignals();
  const { context, problems } = makeContext(stateHome, quick, signal);
  try {
    const measurements = await measureAll(context);
    await writeResults({ startedAt, quick, machine, ...measurements, problems });
  } catch (error) {
    if (!signal.aborted) throw error;
    say(messageOf(signal.reason));
    return 1;
  } finally {
    await context.taskgate.down();
    await rm(stateHome, { recursive: true, force: true });
  }
  return problems.length > 0 ? 1 : 0;
};
