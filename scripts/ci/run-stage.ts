import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type FileHandle, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { endProcesses } from './end-processes.ts';
import { parseEvents, type SuiteEvent } from './events.ts';
import type { Ending } from './judge.ts';
import { downCommand, findLeftNodes } from './left-nodes.ts';

export type Stage = {
  /** Short, lower case: the name of its files, and for `--only`. */
  readonly key: string;
  readonly title: string;
  readonly command: readonly [string, ...string[]];
  readonly limitSeconds: number;
  /** The tests of a Vitest project, or of some of its files, by which they are counted; without it the stage counts as one test. */
  readonly suite?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** It starts native nodes; those that it leaves when it is ended are taken down. No two of them run side by side. */
  readonly makesNodes?: true;
};

/** Who interrupts a run may not wait long for its last line. */
const graceMs = { limit: 5_000, 'run-limit': 5_000, interrupted: 3_000 };

export type StageFiles = { readonly log: string; readonly events: string };

export const filesOf = (reportsDir: string, { key }: Pick<Stage, 'key'>): StageFiles => ({
  log: `${reportsDir}/${key}.log`,
  events: `${reportsDir}/${key}.events`,
});

/** Empty where there is no such file yet. */
export const readOrEmpty = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

export const readEvents = async ({ events }: StageFiles): Promise<readonly SuiteEvent[]> =>
  parseEvents(await readOrEmpty(events));

const environmentOf = (stage: Stage, files: StageFiles, mark: readonly [string, string]): NodeJS.ProcessEnv => ({
  ...process.env,
  // no terminal in CI: every child sees plain output
  NO_COLOR: '1',
  FORCE_COLOR: '0',
  ...stage.env,
  ...(stage.suite !== undefined && { CI_TEST_EVENTS: files.events }),
  [mark[0]]: mark[1],
});

/** An abort may tell why as its reason. */
const abortEnding = ({ reason }: AbortSignal): Ending =>
  typeof reason === 'object' && 'how' in reason ? (reason as Ending) : { how: 'interrupted' };

const untilAborted = (signal: AbortSignal): Promise<unknown> =>
  signal.aborted ? Promise.resolve() : once(signal, 'abort');

/** The first of: it ended, its time is over, the run is told to end. */
const untilEnd = async (ended: Promise<Ending>, limitSeconds: number, signal: AbortSignal): Promise<Ending> => {
  const timer = new AbortController();
  const limit = pause(limitSeconds * 1_000, undefined, { signal: timer.signal }).then(
    () => ({ how: 'limit', seconds: limitSeconds }) as const,
    () => ({ how: 'interrupted' }) as const,
  );
  const aborted = untilAborted(signal).then(() => abortEnding(signal));
  const ending = await Promise.race([ended, limit, aborted]);
  timer.abort();
  return ending;
};

const downLimitSeconds = 60;

/** Nodes leave session and mark behind when they start; those of a stage that was killed would run on. */
const takeDownNodes = async (sinceMs: number, log: FileHandle): Promise<void> => {
  for (const node of findLeftNodes('/tmp', sinceMs)) {
    const [program, ...args] = downCommand(node);
    const child = spawn(program, args, { stdio: ['ignore', log.fd, log.fd], timeout: downLimitSeconds * 1_000 });
    await once(child, 'exit');
  }
};

/**
 * Runs a stage's command in a session of its own, its output in a file. At its limit, and when the run is told to end, the
 * whole session is ended, and what has left the session with the stage's mark in its environment; the native nodes of one that
 * makes some are taken down.
 */
export const runStage = async (stage: Stage, files: StageFiles, signal: AbortSignal): Promise<Ending> => {
  if (signal.aborted) return abortEnding(signal);
  await mkdir(dirname(files.log), { recursive: true });
  await rm(files.events, { force: true });
  const log = await open(files.log, 'w');
  const startMs = Date.now();
  const mark = ['CI_STAGE', randomUUID()] as const;
  const [program, ...args] = stage.command;
  try {
    const child = spawn(program, args, {
      detached: true,
      env: environmentOf(stage, files, mark),
      stdio: ['ignore', log.fd, log.fd],
    });
    const ended = new Promise<Ending>((resolve) => {
      child.once('error', () => resolve({ how: 'exit', exitCode: 127 }));
      child.once('exit', (code) => resolve({ how: 'exit', exitCode: code ?? 1 }));
    });
    const ending = await untilEnd(ended, stage.limitSeconds, signal);
    if (ending.how !== 'exit' && child.pid !== undefined) {
      await endProcesses({ session: child.pid, mark: mark.join('=') }, graceMs[ending.how]);
    }
    // who interrupts a run does not wait for it
    if (stage.makesNodes && (ending.how === 'limit' || ending.how === 'run-limit')) await takeDownNodes(startMs, log);
    return ending;
  } finally {
    await log.close();
  }
};
