import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { hasCode, UserError } from '../lib/errors.ts';
import { findLastLines, type Owner } from '../lib/files.ts';
import { parseFields } from '../lib/json.ts';
import { findClosedFolder } from '../lib/process/closed-folder.ts';
import type { Command } from '../lib/process/runner.ts';
import { splitLines } from '../lib/text/lines.ts';
import { hopelessEnds, isChildState, isHopeless, type StarterEvent } from './spec.ts';

export type LaunchOptions = {
  /** File for the daemon's own errors. */
  readonly logPath: string;
  /** Folder of its children's logs. */
  readonly logsDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Deadline of each wait for the daemon or one of its children. */
  readonly timeoutMs: number;
  /** The user to run it as, where root starts it for the caller of sudo. */
  readonly owner?: Owner;
  /** The error for a daemon that ended; by default that of a native node's supervisor. */
  readonly explainEnd?: (why: string) => UserError;
  readonly onEvent?: (event: StarterEvent) => void;
};

/** The starter's end of a daemon, which dies with the starter until `detach`. */
export type LaunchedDaemon = {
  /** Pid of the launched command, as the host sees it; undefined if it could not be started: `ended` says why. */
  readonly pid: number | undefined;
  /** Rejects when it ends. */
  readonly ended: Promise<never>;
  /** Resolves when it has set up its surroundings and waits for `go`. */
  readonly untilSetUp: () => Promise<void>;
  /** Lets it start its children. */
  readonly go: () => void;
  /** Resolves when the named child has become ready. */
  readonly untilReady: (child: string) => Promise<void>;
  /** From now on it outlives this process. */
  readonly detach: () => void;
};

const lastLines = async (path: string): Promise<string> => {
  // a log that cannot be read must not hide why it is wanted
  const found = await findLastLines(path, 40).catch(() => []);
  // of a stack only the error itself says something
  const thrown = found.findLast((line) => /^(?:Uncaught )?\[?\w*Error\b.*: /.test(line));
  const lines = thrown === undefined ? found.filter(Boolean).slice(-4) : [thrown];
  return lines.map((line) => `\n    ${line.slice(0, 300)}`).join('');
};

type ChildEvent = Extract<StarterEvent, { readonly event: 'child' }>;

/** The last event of each child, by name. */
type ChildEvents = Map<string, Pick<ChildEvent, 'state' | 'detail'>>;

/** Describes the children that are not ready, each with how it ended and the last lines of its log. */
const describeTrouble = async (children: ChildEvents, logsDir: string): Promise<string> => {
  const troubled = [...children].filter(
    ([, { state, detail }]) => state === 'backoff' || (state === 'starting' && detail),
  );
  const waiting = [...children].filter(([, { state }]) => state !== 'ready').map(([name]) => name);
  if (troubled.length === 0) return `not ready: ${waiting.join(', ') || 'none was started'}`;
  const texts = troubled.map(
    async ([name, { detail }]) => `${name} ${detail ?? 'ended'}${await lastLines(join(logsDir, `${name}.log`))}`,
  );
  return (await Promise.all(texts)).join('; ');
};

/** The event on a line of a daemon's stdout; undefined for what else it may print, such as a warning of Node.js. */
export const parseEvent = (line: string): StarterEvent | undefined => {
  const { event, name, state, ends, detail, message } = parseFields(line);
  if (event === 'set-up') return { event };
  if (event === 'failed' && typeof message === 'string') return { event, message };
  if (event !== 'child' || typeof name !== 'string' || !isChildState(state)) return undefined;
  return {
    ...{ event, name, state },
    ...(typeof ends === 'number' && { ends }),
    ...(typeof detail === 'string' && { detail }),
  };
};

/** Reads a daemon's events: promises of those to come, and the last one of each child. */
const readEvents = (stdout: Readable, onEvent: LaunchOptions['onEvent']) => {
  const setUp = Promise.withResolvers<void>();
  const readyChildren = new Map<string, PromiseWithResolvers<void>>();
  const hopeless = Promise.withResolvers<string>();
  const children: ChildEvents = new Map();
  let problem: string | undefined;
  const readiness = (child: string): PromiseWithResolvers<void> => {
    const entry = readyChildren.get(child) ?? Promise.withResolvers<void>();
    readyChildren.set(child, entry);
    return entry;
  };
  const takeChild = (event: ChildEvent): void => {
    const { name, state, detail = children.get(name)?.detail } = event;
    children.set(name, { state, ...(detail && { detail }) });
    if (state === 'ready') readiness(name).resolve();
    if (isHopeless(event)) hopeless.resolve(name);
  };
  const onLine = (line: string): void => {
    const event = parseEvent(line);
    if (!event) return;
    onEvent?.(event);
    if (event.event === 'set-up') setUp.resolve();
    if (event.event === 'failed') problem = event.message;
    if (event.event === 'child') takeChild(event);
  };
  stdout.setEncoding('utf8').on('data', splitLines(onLine));
  return { setUp: setUp.promise, readiness, children, hopeless: hopeless.promise, problem: () => problem };
};

/** The error for a wait that took too long, with the state of the children. */
const tooLate = async (what: string, children: ChildEvents, { logsDir, timeoutMs }: LaunchOptions) =>
  new UserError(`${what} not ready after ${timeoutMs / 1_000}s: ${await describeTrouble(children, logsDir)}`, {
    id: 'cluster.not-started',
    hint: 'fix what the log lines report, or allow more time with --timeouts-stage-seconds',
  });

/** The error for a child that ends again and again: no deadline helps it. `how` it ended the last time. */
export const ranInVain = async (name: string, how: string, logsDir: string): Promise<UserError> => {
  const log = join(logsDir, `${name}.log`);
  return new UserError(`${name} ended ${hopelessEnds} times while starting: ${how}${await lastLines(log)}`, {
    id: 'cluster.not-started',
    hint: `fix what its log reports (${log}); a program that is gone comes back with another up, or see taskgate prefetch`,
  });
};

const nodeEnded = (why: string): UserError =>
  new UserError(`the supervisor of the node ended: ${why}`, {
    id: 'cluster.keeper-ended',
    hint: 'the message contains the reason; in a container, allow namespaces and mounts',
  });

const whyEnded = async (problem: string | undefined, options: LaunchOptions): Promise<unknown> => {
  const { signal, logPath, explainEnd = nodeEnded } = options;
  if (signal.aborted) return signal.reason;
  return explainEnd(problem ?? `it gave no reason${await lastLines(logPath)}`);
};

const cannotEnter = (folder: string, { uid }: Owner): UserError =>
  new UserError(`a background process cannot run as uid ${uid}, who called sudo: that user may not enter ${folder}`, {
    id: 'environment.closed-folder',
    hint: `install taskgate and Node.js where uid ${uid} can read them, set XDG_STATE_HOME and XDG_CACHE_HOME to folders of root's, or run it without sudo`,
  });

/** Not through a link: the folder may be a user's, and this root. Throws UserError `environment.instance-damaged`. */
const openLog = (path: string): number => {
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = constants;
  try {
    return openSync(path, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o600);
  } catch (error) {
    if (!hasCode(error, 'ELOOP')) throw error;
    throw new UserError(`${path} is a link, and no log that taskgate has made`, {
      id: 'environment.instance-damaged',
      hint: `remove it: rm ${path}`,
      cause: error,
    });
  }
};

/**
 * Starts a daemon (the supervisor of a native node, or the tunnel daemon) and exchanges lines with it; aborting the
 * signal ends it. What it returns rejects with UserError `cluster.keeper-ended` when the daemon ends, or
 * `cluster.not-started` at the deadline, both with the last log lines. Tested in test/process/supervisor-launch.test.ts.
 */
export const launchDaemon = (command: Command, options: LaunchOptions): LaunchedDaemon => {
  const { logPath, env, signal, timeoutMs, owner, explainEnd = nodeEnded } = options;
  signal.throwIfAborted();
  const [program, ...args] = command;
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => undefined); // nobody may be waiting when it ends
  const closed = owner && findClosedFolder(command, owner);
  if (closed) throw cannotEnter(closed, owner);
  const log = openLog(logPath);
  const daemon = spawn(program, args, { detached: true, stdio: ['pipe', 'pipe', log], env: { ...env }, ...owner });
  closeSync(log);
  // the event comes later; a program that is not there, or that this user may not run, is no bug
  daemon.on('error', (error) => ended.reject(explainEnd(`it could not be started: ${error.message}`)));
  const { pid, stdin, stdout } = daemon;
  // so without a file left to open for its pipes
  if (!stdin || !stdout) throw explainEnd(`it could not be started: ${program}: too many open files`);
  const events = readEvents(stdout, options.onEvent);
  const giveUp = (name: string) => {
    const how = events.children.get(name)?.detail ?? 'it did not say how';
    return ranInVain(name, how.replace(/, again in \d+ ms$/, ''), options.logsDir);
  };
  events.hopeless.then(giveUp).then(ended.reject, ended.reject);
  stdin.on('error', () => undefined);
  const stop = () => stdin.end();
  signal.addEventListener('abort', stop, { once: true });
  daemon.on('close', () => void whyEnded(events.problem(), options).then(ended.reject));

  const within = async (what: string, promise: Promise<void>): Promise<void> => {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => void tooLate(what, events.children, options).then(late.reject), timeoutMs);
    try {
      await Promise.race([promise, ended.promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    pid,
    ended: ended.promise,
    untilSetUp: () => within('the daemon', events.setUp),
    go: () => stdin.write('go\n'),
    untilReady: (child) => within(child, events.readiness(child).promise),
    detach: () => {
      signal.removeEventListener('abort', stop);
      stdin.end('detach\n');
      stdout.destroy();
      daemon.unref();
    },
  };
};
