import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { nextDelayMs } from '../lib/backoff.ts';
import { signalGroup, type Tether, tetherOf } from '../lib/process/tethered.ts';
import { reportOnStderr } from './last-words.ts';
import { probeOnce } from './probe.ts';
import { openRotatingLog, type RotatingLog } from './rotating-log.ts';
import type { Child, ChildState, ChildStatus } from './spec.ts';

const backoff = { firstMs: 200, longestMs: 10_000 };
/** A child that ran this long starts again with the shortest back-off. */
const steadyMs = 30_000;
const probePauseMs = 20;
/** A child that is not ready by then has what its probe sees told, each new answer once. */
const probeTellMs = 3_000;

/** Pause before the next start of a child: doubles after each run that ended early, starts over after a steady one. */
export const nextBackoffMs = (lastMs: number | undefined, ranMs: number): number =>
  nextDelayMs(backoff, ranMs >= steadyMs ? undefined : lastMs);

/**
 * Ends since a child last worked: until it is ready again, or, where its probe says no more than that it runs, until it has
 * run for a while.
 */
export const nextEnds = (ends: number, ranMs: number): number => (ranMs >= steadyMs ? 1 : ends + 1);

export type ChildReport = (child: ChildStatus, detail?: string) => void;

type Supervised = {
  readonly status: () => ChildStatus;
  readonly firstReady: Promise<void>;
  /** Ends the process, which is not started again; resolves when it has exited. */
  readonly end: () => Promise<void>;
};

/** The children of a node, first to last. */
export type Children = {
  readonly status: () => readonly ChildStatus[];
  /** Ends all, the last one first, so that none loses what it works with. */
  readonly end: () => Promise<void>;
};

const usualEnding = { signal: 'SIGTERM', graceMs: 2_000 } as const;

/** A program that cannot be started: `close` would give its errno as if it were an exit code. */
const notStarted = ({ message }: Error): string => `could not be started: ${message}`;

const untethered = (command: Child['command']): Tether => ({ command, holdsPipe: false });

/** Starts one process and resolves with how it ended, such as `exited with 1` or `SIGKILL`. */
const runOnce = (child: Child, log: RotatingLog, started: (running: ChildProcess) => void): Promise<string> => {
  const { command, holdsPipe } = child.tether ? tetherOf(child.command, child.tether) : untethered(child.command);
  const [program, ...args] = command;
  return new Promise((resolve) => {
    let failure: string | undefined;
    const running = spawn(program, args, {
      stdio: [holdsPipe ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...child.env },
      detached: child.tether !== undefined,
    });
    running.stdin?.on('error', () => undefined);
    for (const stream of [running.stdout, running.stderr]) stream?.on('data', log.write);
    // children that it left would keep its pipes open, and `close` would not come
    if (child.tether) running.on('exit', () => running.pid && signalGroup(running.pid, 'SIGKILL'));
    running.on('error', (error) => {
      failure = notStarted(error);
      log.write(Buffer.from(`${failure}\n`));
    });
    running.on('close', (code, signal) => resolve(failure ?? (code === null ? String(signal) : `exited with ${code}`)));
    started(running);
  });
};

const superviseOne = (child: Child, logsDir: string, { after, report }: SuperviseOptions): Supervised => {
  let state: ChildState = 'waiting';
  let running: ChildProcess | undefined;
  let isEnding = false;
  let restarts = 0;
  let ends = 0;
  let lastExit: string | undefined;
  const { promise: firstReady, resolve: resolveReady } = Promise.withResolvers<void>();
  const status = (): ChildStatus => ({
    ...{ name: child.name, state, restarts, ends },
    ...(running?.pid && { pid: running.pid }),
    ...(lastExit && { lastExit }),
  });
  const enter = (next: ChildState, detail?: string) => {
    state = next;
    report(status(), detail);
  };
  const watchReadiness = async (run: number) => {
    const beganAt = performance.now();
    let told: string | undefined;
    while (run === restarts) {
      const seen = await probeOnce(child.probe);
      if (seen === true) break;
      if (run === restarts && seen !== told && performance.now() - beganAt > probeTellMs) {
        enter('starting', `runs, but its probe: ${seen}`);
        told = seen;
      }
      await pause(probePauseMs);
    }
    if (run !== restarts) return;
    if (child.probe.kind !== 'running') ends = 0;
    enter('ready');
    resolveReady();
  };
  const keepRunning = async () => {
    await after;
    const onLoss = (reason: string) => reportOnStderr(`output of ${child.name} is dropped: ${reason}`);
    const log = openRotatingLog(join(logsDir, `${child.name}.log`), { onLoss });
    let backoffMs: number | undefined;
    while (!isEnding) {
      const startedAt = performance.now();
      enter('starting');
      const run = restarts;
      lastExit = await runOnce(child, log, (started) => {
        running = started;
        void watchReadiness(run);
      });
      running = undefined;
      restarts++;
      if (isEnding) return;
      const ranMs = performance.now() - startedAt;
      ends = nextEnds(ends, ranMs);
      backoffMs = nextBackoffMs(backoffMs, ranMs);
      enter('backoff', `${child.command[0]} ${lastExit}, again in ${backoffMs} ms`);
      await pause(backoffMs);
    }
  };
  const done = keepRunning();
  const end = async (): Promise<void> => {
    isEnding = true;
    const { signal, graceMs } = child.ending ?? usualEnding;
    const killing = setTimeout(() => running?.kill('SIGKILL'), graceMs);
    // one that waits for its turn or for its next start has no process
    if (running?.kill(signal)) await Promise.race([done, pause(2 * graceMs)]);
    clearTimeout(killing);
  };
  return { firstReady, end, status };
};

type SuperviseOptions = { readonly after: Promise<unknown>; readonly report: ChildReport };

/**
 * Starts each child once those named in its `after` have been ready, and restarts any that exits, for as long as this
 * process lives, or until `end`. Restarts are tested in
 * test/process/supervisor-children.test.ts.
 */
export const supervise = (children: readonly Child[], logsDir: string, report: ChildReport): Children => {
  const supervised = new Map<string, Supervised>();
  for (const child of children) {
    const after = Promise.all(
      child.after.map((name) => {
        const earlier = supervised.get(name);
        if (!earlier) throw new Error(`child ${child.name} must come after ${name} in the list`);
        return earlier.firstReady;
      }),
    );
    supervised.set(child.name, superviseOne(child, logsDir, { after, report }));
  }
  return {
    status: () => [...supervised.values()].map(({ status }) => status()),
    end: async () => {
      for (const { end } of [...supervised.values()].toReversed()) await end();
    },
  };
};
