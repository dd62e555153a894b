import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { UserError } from '../lib/errors.ts';
import { findTextFile } from '../lib/files.ts';
import type { Command } from '../lib/process/runner.ts';
import type { KeeperEvent } from './spec.ts';

export type LaunchOptions = {
  /** Where the keeper's own errors go. */
  readonly logPath: string;
  /** Where the logs of its children are. */
  readonly logsDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Deadline of each wait for the keeper or one of its children. */
  readonly timeoutMs: number;
  /** Whose process it is to be, where root starts it for somebody. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** The error for a keeper that ended; left out, that of a native node's. */
  readonly explainEnd?: (why: string) => UserError;
  readonly onEvent?: (event: KeeperEvent) => void;
};

/** The starter's end of a keeper. It dies with the starter until `detach`. */
export type Launched = {
  /** Pid of the launched command, as the host sees it. */
  readonly pid: number;
  /** Rejects when it ends. */
  readonly ended: Promise<never>;
  /** Resolves when the namespaces are furnished. */
  readonly furnished: () => Promise<void>;
  /** Lets the keeper start its children. */
  readonly go: () => void;
  /** Resolves when the named child has become ready. */
  readonly ready: (child: string) => Promise<void>;
  /** From now on the keeper outlives this process. */
  readonly detach: () => void;
};

const lastLines = async (path: string): Promise<string> => {
  const lines = ((await findTextFile(path)) ?? '').trim().split('\n').slice(-4);
  return lines.map((line) => `\n    ${line.slice(0, 300)}`).join('');
};

/** How the keeper's children are, by name: what it told last of each. */
type Told = Map<string, { readonly state: string; readonly detail?: string }>;

/** The children that are not ready, each with how it ended and what it wrote last. */
const describeTrouble = async (told: Told, logsDir: string): Promise<string> => {
  const troubled = [...told].filter(([, { state, detail }]) => state === 'backoff' || (state === 'starting' && detail));
  const waiting = [...told].filter(([, { state }]) => state !== 'ready').map(([name]) => name);
  if (troubled.length === 0) return `not ready: ${waiting.join(', ') || 'none was started'}`;
  const texts = troubled.map(
    async ([name, { detail }]) => `${name} ${detail ?? 'ended'}${await lastLines(join(logsDir, `${name}.log`))}`,
  );
  return (await Promise.all(texts)).join('; ');
};

/** Listens to a keeper: promises of what it will tell, and what it has told of its children so far. */
const hear = (stdout: Readable, onEvent: LaunchOptions['onEvent']) => {
  const furnished = Promise.withResolvers<void>();
  const readyChildren = new Map<string, PromiseWithResolvers<void>>();
  const told: Told = new Map();
  let problem: string | undefined;
  const readiness = (child: string): PromiseWithResolvers<void> => {
    const entry = readyChildren.get(child) ?? Promise.withResolvers<void>();
    readyChildren.set(child, entry);
    return entry;
  };
  createInterface(stdout).on('line', (line) => {
    const event = JSON.parse(line) as KeeperEvent;
    onEvent?.(event);
    if (event.event === 'furnished') furnished.resolve();
    if (event.event === 'failed') problem = event.message;
    if (event.event !== 'child') return;
    const { name, state, detail = told.get(name)?.detail } = event;
    told.set(name, { state, ...(detail && { detail }) });
    if (state === 'ready') readiness(name).resolve();
  });
  const ready = (child: string): Promise<void> => readiness(child).promise;
  return { furnished: furnished.promise, ready, told, problem: () => problem };
};

/** An error for a wait that took too long, with what is known of the children. */
const tooLate = async (what: string, told: Told, { logsDir, timeoutMs }: LaunchOptions): Promise<UserError> =>
  new UserError(`${what} not ready after ${timeoutMs / 1_000}s: ${await describeTrouble(told, logsDir)}`, {
    id: 'cluster.not-started',
    hint: 'mend what the log lines say, or give it more time with --timeouts-stage-seconds',
  });

const nodeEnded = (why: string): UserError =>
  new UserError(`the keeper ended: ${why}`, {
    id: 'cluster.keeper-ended',
    hint: 'the message has what failed; on a container host, allow namespaces and mounts',
  });

const whyEnded = async (problem: string | undefined, options: LaunchOptions): Promise<unknown> => {
  const { signal, logPath, explainEnd = nodeEnded } = options;
  if (signal.aborted) return signal.reason;
  return explainEnd(problem ?? `it gave no reason${await lastLines(logPath)}`);
};

/**
 * Starts a keeper in the background and speaks with it by lines; aborting the signal ends it. What it returns rejects
 * with UserError `cluster.keeper-ended` when the keeper ends, or `cluster.not-started` at the deadline, both with the
 * last lines of the log that tells why.
 */
export const launchKeeper = (command: Command, options: LaunchOptions): Launched => {
  const { logPath, env, signal, timeoutMs, owner } = options;
  signal.throwIfAborted();
  const [program, ...args] = command;
  const log = openSync(logPath, 'a', 0o600);
  const keeper = spawn(program, args, { detached: true, stdio: ['pipe', 'pipe', log], env: { ...env }, ...owner });
  closeSync(log);
  const { pid, stdin, stdout } = keeper;
  if (pid === undefined || !stdin || !stdout) throw new Error(`${program} could not be started`);
  const heard = hear(stdout, options.onEvent);
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => undefined); // nobody may be waiting when it ends
  stdin.on('error', () => undefined);
  const stop = () => stdin.end();
  signal.addEventListener('abort', stop, { once: true });
  keeper.on('close', () => void whyEnded(heard.problem(), options).then(ended.reject));

  const within = async (what: string, promise: Promise<void>): Promise<void> => {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => void tooLate(what, heard.told, options).then(late.reject), timeoutMs);
    try {
      await Promise.race([promise, ended.promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    pid,
    ended: ended.promise,
    furnished: () => within('the keeper', heard.furnished),
    go: () => stdin.write('go\n'),
    ready: (child) => within(child, heard.ready(child)),
    detach: () => {
      signal.removeEventListener('abort', stop);
      stdin.end('detach\n');
      stdout.destroy();
      keeper.unref();
    },
  };
};
