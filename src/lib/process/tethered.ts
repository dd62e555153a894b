import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode } from '../errors.ts';
import type { Command } from './runner.ts';

export type TetherOptions = {
  /** The whole environment of the child; left out, it is this process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Called for each line of stdout and stderr as it comes. */
  readonly onLine?: (line: string) => void;
  /** Whether a line may be among the last ones that `ended` gives; left out, every line may. */
  readonly isWorthKeeping?: (line: string) => boolean;
  /** How long `kill` waits for an end before it sends SIGKILL. */
  readonly patienceMs?: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
};

/** A child that does not outlive this process, however this one ends. */
export type Tethered = {
  /** Undefined when it could not be started; `ended` says why. */
  readonly pid: number | undefined;
  /** Resolves with how it ended and what it wrote last, such as `exited with 255: Connection refused`. */
  readonly ended: Promise<string>;
  /** Ends it and what it has started, first kindly; resolves when it has ended. */
  readonly kill: () => Promise<void>;
};

const linesKept = 5;
const longestLine = 8_192;
const defaultPatienceMs = 2_000;

/**
 * On Linux the kernel kills the child when its parent dies (PR_SET_PDEATHSIG). A parent that died before that was set
 * has left the child to another one, which the shell notices before it becomes the program.
 */
const tetherCommand = (command: Command, platform: NodeJS.Platform): Command =>
  platform === 'linux'
    ? ['setpriv', '--pdeathsig', 'KILL', 'sh', '-c', `[ "$PPID" = ${process.pid} ] && exec "$@"`, 'tether', ...command]
    : command;

/** Gives each line once it is whole; of one that never ends, only its last part is kept. */
const splitLines = (onLine: (line: string) => void): ((text: string) => void) => {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(-longestLine);
    for (const line of lines) onLine(line.trimEnd());
  };
};

/** The child leads a process group of its own. */
const signalGroup = (leader: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    // gone by now, or only zombies and other users' processes are left of it
    if (!hasCode(error, 'ESRCH') && !hasCode(error, 'EPERM')) throw error;
  }
};

const untilEnded = (child: ChildProcess, said: readonly string[]): Promise<string> =>
  new Promise((resolve) => {
    const tell = (how: string) => resolve(said.length > 0 ? `${how}: ${said.join('; ')}` : how);
    child.on('error', ({ message }) => tell(`could not be started: ${message}`));
    // what it has left behind would keep its pipes open, and so hold back `close`
    child.on('exit', () => child.pid && signalGroup(child.pid, 'SIGKILL'));
    child.on('close', (code, signal) => tell(code === null ? `ended by ${signal}` : `exited with ${code}`));
  });

/**
 * Starts a program without a terminal that dies with this process, also when that is killed outright, and reads all it
 * writes. Must be called on the main thread: the kernel's tether is to the thread that starts it.
 */
export const spawnTethered = (command: Command, options: TetherOptions = {}): Tethered => {
  const { env, onLine, isWorthKeeping = () => true, patienceMs = defaultPatienceMs, signal } = options;
  signal?.throwIfAborted();
  const [program, ...args] = tetherCommand(command, process.platform);
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(env && { env: { ...env } }),
  });
  const said: string[] = [];
  const take = (line: string) => {
    if (line !== '' && isWorthKeeping(line)) said.push(line);
    if (said.length > linesKept) said.shift();
    onLine?.(line);
  };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', splitLines(take));
  const ended = untilEnded(child, said);
  const kill = async (): Promise<void> => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      await ended;
      return;
    }
    signalGroup(child.pid, 'SIGTERM');
    await Promise.race([ended, pause(patienceMs, undefined, { ref: false })]);
    signalGroup(child.pid, 'SIGKILL');
    await ended;
  };
  const stop = () => void kill();
  signal?.addEventListener('abort', stop, { once: true });
  void ended.then(() => signal?.removeEventListener('abort', stop));
  return { pid: child.pid, ended, kill };
};
