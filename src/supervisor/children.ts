import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { nextDelayMs } from '../lib/backoff.ts';
import { probeOnce } from './probe.ts';
import { openRotatingLog, type RotatingLog } from './rotating-log.ts';
import type { Child, ChildState, ChildStatus } from './spec.ts';

const backoff = { firstMs: 200, longestMs: 10_000 };
/** A child that ran this long starts again with the shortest back-off. */
const steadyMs = 30_000;
const probePauseMs = 20;

/** Pause before the next start of a child: doubles after each run that ended early, starts over after a steady one. */
export const nextBackoffMs = (lastMs: number | undefined, ranMs: number): number =>
  nextDelayMs(backoff, ranMs >= steadyMs ? undefined : lastMs);

export type ChildReport = (name: string, state: ChildState, detail?: string) => void;

type Supervised = { readonly status: () => ChildStatus; readonly firstReady: Promise<void> };

/** Not `process.stderr`, whose unhandled error would end the supervisor: the full disk may hold its own log, too. */
const reportOnStderr = (line: string): void => {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // there is nowhere left to report it
  }
};

/** Starts one process and resolves with how it ended, such as `exited with 1` or `SIGKILL`. */
const runOnce = (child: Child, log: RotatingLog, started: (pid: number | undefined) => void): Promise<string> => {
  const [program, ...args] = child.command;
  return new Promise((resolve) => {
    const running = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...child.env },
    });
    for (const stream of [running.stdout, running.stderr]) stream.on('data', log.write);
    running.on('error', ({ message }) => log.write(Buffer.from(`${message}\n`)));
    running.on('close', (code, signal) => resolve(code === null ? String(signal) : `exited with ${code}`));
    started(running.pid);
  });
};

const superviseOne = (child: Child, logsDir: string, { after, report }: SuperviseOptions): Supervised => {
  let state: ChildState = 'waiting';
  let pid: number | undefined;
  let restarts = 0;
  let lastExit: string | undefined;
  const { promise: firstReady, resolve: resolveReady } = Promise.withResolvers<void>();
  const enter = (next: ChildState, detail?: string) => {
    state = next;
    report(child.name, next, detail);
  };
  const watchReadiness = async (run: number) => {
    let seen: string | true = 'not probed yet';
    while (run === restarts && seen !== true) {
      seen = await probeOnce(child.probe);
      if (seen !== true) await pause(probePauseMs);
    }
    if (run !== restarts) return;
    enter('ready');
    resolveReady();
  };
  const keepRunning = async () => {
    await after;
    const onLoss = (reason: string) => reportOnStderr(`output of ${child.name} is dropped: ${reason}`);
    const log = openRotatingLog(join(logsDir, `${child.name}.log`), { onLoss });
    let backoffMs: number | undefined;
    for (;;) {
      const startedAt = performance.now();
      enter('starting');
      const run = restarts;
      lastExit = await runOnce(child, log, (value) => {
        pid = value;
        void watchReadiness(run);
      });
      pid = undefined;
      restarts++;
      backoffMs = nextBackoffMs(backoffMs, performance.now() - startedAt);
      enter('backoff', `${lastExit}, again in ${backoffMs} ms`);
      await pause(backoffMs);
    }
  };
  void keepRunning();
  return {
    firstReady,
    status: () => ({ name: child.name, state, restarts, ...(pid && { pid }), ...(lastExit && { lastExit }) }),
  };
};

type SuperviseOptions = { readonly after: Promise<unknown>; readonly report: ChildReport };

/**
 * Starts each child once those named in its `after` have been ready, and restarts any that exits, for as long as this
 * process lives. Returns a function that gives the current state of all. Restarts are tested in
 * test/process/supervisor-children.test.ts.
 */
export const supervise = (
  children: readonly Child[],
  logsDir: string,
  report: ChildReport,
): (() => readonly ChildStatus[]) => {
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
  return () => [...supervised.values()].map(({ status }) => status());
};
