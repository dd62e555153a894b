// Tested in test/process/tethered.test.ts
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode } from '../errors.ts';
import { splitLines } from '../text/lines.ts';
import type { Command } from './runner.ts';
import { systemProgram } from './system-path.ts';

export type TetherOptions = {
  /** The complete environment of the child; by default, that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Called for each line of stdout and stderr as it comes. */
  readonly onLine?: (line: string) => void;
  /** Whether a line may be among the last lines in `ended`; by default, every line may. */
  readonly isWorthKeeping?: (line: string) => boolean;
  /** How long `kill` waits for an end before it sends SIGKILL. */
  readonly killDelayMs?: number;
  /** Terminates it. */
  readonly signal?: AbortSignal;
  /** Path of setpriv; by default the system's on Linux, and none elsewhere. */
  readonly setpriv?: string;
};

/** A child process that does not outlive this process. */
export type Tethered = {
  /** Undefined if it could not be started; `ended` has the reason. */
  readonly pid: number | undefined;
  /** Resolves with its exit and its last lines, such as `exited with 255: Connection refused`. */
  readonly ended: Promise<string>;
  /** Terminates it and its children, first by SIGTERM; resolves when it has exited. */
  readonly kill: () => Promise<void>;
};

const linesKept = 5;
const defaultKillDelayMs = 2_000;

/**
 * The kernel kills the child when its parent dies (PR_SET_PDEATHSIG). If the parent died before that was set, the shell
 * detects another parent and does not exec the program.
 */
const byKernel = (setpriv: string, command: Command): Command => [
  setpriv,
  ...['--pdeathsig', 'KILL', '/bin/sh', '-c'],
  `[ "$PPID" = ${process.pid} ] && exec "$@"`,
  'tether',
  ...command,
];

/**
 * For machines without such a setpriv: a shell beside the program, in its process group, waits for the end of a pipe that
 * only the parent holds, and then kills the group.
 */
const byWatcher = (command: Command): Command => [
  ...(['/bin/sh', '-c'] as const),
  'exec 3<&0 </dev/null; { read -r _ <&3; kill -9 "-$$"; } >/dev/null 2>&1 & exec "$@" 3<&-',
  'tether',
  ...command,
];

const known = new Map<string, boolean>();

/** Whether this setpriv sets a parent-death signal: util-linux before 2.33 and busybox have one that does not. */
const setsDeathSignal = (setpriv: string): boolean => {
  const isKnown = known.get(setpriv);
  if (isKnown !== undefined) return isKnown;
  const trial = spawnSync(setpriv, ['--pdeathsig', 'KILL', '/bin/sh', '-c', ':'], { stdio: 'ignore', timeout: 5_000 });
  known.set(setpriv, trial.status === 0);
  return trial.status === 0;
};

/** A command that dies with this process, and whether its stdin must be a pipe that this process holds. */
export type Tether = { readonly command: Command; readonly holdsPipe: boolean };

/** The command that ties a program to this process; `through` is what it is started by, before it is tied. */
export const tetherOf = (
  command: Command,
  { setpriv, through = [] }: { readonly setpriv?: string | undefined; readonly through?: readonly string[] } = {},
): Tether => {
  const byDefault = process.platform === 'linux' ? systemProgram('setpriv') : undefined;
  const program = setpriv ?? byDefault;
  const isByKernel = program !== undefined && setsDeathSignal(program);
  const [first, ...rest] = [...through, ...(isByKernel ? byKernel(program, command) : byWatcher(command))];
  if (first === undefined) throw new Error('a command has a program');
  return { command: [first, ...rest], holdsPipe: !isByKernel };
};

/** Sends a signal to a process group, as its leader's pid names it; what is gone is no error. */
export const signalGroup = (leader: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    // it has exited, or only zombies and other users' processes are left
    if (!hasCode(error, 'ESRCH') && !hasCode(error, 'EPERM')) throw error;
  }
};

const untilEnded = (child: ChildProcess, lastLines: readonly string[]): Promise<string> =>
  new Promise((resolve) => {
    const end = (how: string) => resolve(lastLines.length > 0 ? `${how}: ${lastLines.join('; ')}` : how);
    child.on('error', ({ message }) => end(`could not be started: ${message}`));
    // children that it left running keep its pipes open, and `close` would not come
    child.on('exit', () => child.pid && signalGroup(child.pid, 'SIGKILL'));
    child.on('close', (code, signal) => end(code === null ? `ended by ${signal}` : `exited with ${code}`));
  });

/**
 * Starts a program without a terminal that dies with this process, even if this is killed by SIGKILL, and reads its
 * output. Must be called on the main thread: the kernel ties the child to the thread that starts it.
 */
export const spawnTethered = (command: Command, options: TetherOptions = {}): Tethered => {
  const { env, onLine, isWorthKeeping = () => true, killDelayMs = defaultKillDelayMs, signal } = options;
  signal?.throwIfAborted();
  const { command: tethered, holdsPipe } = tetherOf(command, { setpriv: options.setpriv });
  const [program, ...args] = tethered;
  const child = spawn(program, args, { detached: true, stdio: [holdsPipe ? 'pipe' : 'ignore', 'pipe', 'pipe'], env });
  child.stdin?.on('error', () => undefined);
  const lastLines: string[] = [];
  const take = (line: string) => {
    if (line !== '' && isWorthKeeping(line)) lastLines.push(line);
    if (lastLines.length > linesKept) lastLines.shift();
    onLine?.(line);
  };
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', splitLines(take));
  const ended = untilEnded(child, lastLines);
  const kill = async (): Promise<void> => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      signalGroup(child.pid, 'SIGTERM');
      await Promise.race([ended, pause(killDelayMs, undefined, { ref: false })]);
      signalGroup(child.pid, 'SIGKILL');
    }
    await ended;
  };
  const stop = () => void kill();
  signal?.addEventListener('abort', stop, { once: true });
  void ended.then(() => signal?.removeEventListener('abort', stop));
  return { pid: child.pid, ended, kill };
};
