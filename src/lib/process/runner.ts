import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import { execa } from 'execa';

/** An argv: program, then its arguments. Never a shell string. */
export type Command = readonly [string, ...string[]];

export type RunOptions = {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /**
   * For stdin. A chunk of bytes is used up when the next one is asked for. Where they fail, stdin ends there, and the command in
   * its own way; then their error is thrown.
   */
  readonly input?: string | AsyncIterable<Buffer>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called for each line of stdout and stderr as it comes. */
  readonly onLine?: (line: string) => void;
};

export type RunResult = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/** Runs commands. Throws {@link CommandError} when one fails; tests pass a fake. */
export type Runner = (command: Command, options?: RunOptions) => Promise<RunResult>;

/** A command that failed, was terminated or could not be started (`exitCode` is then undefined). */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly command: Command;
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;

  constructor(command: Command, details: Partial<RunResult> & { timedOut?: boolean; reason?: string }) {
    const { exitCode, stdout = '', stderr = '', timedOut = false, reason } = details;
    const ending = timedOut
      ? 'timed out'
      : exitCode === undefined
        ? (reason ?? 'was terminated')
        : `exited with ${exitCode}`;
    super(`${command.join(' ')} ${ending}${stderr ? `: ${lastLines(stderr)}` : ''}`);
    this.command = command;
    this.exitCode = exitCode;
    this.stdout = stdout;
    this.stderr = stderr;
    this.timedOut = timedOut;
  }
}

const lastLines = (text: string): string => text.trim().split('\n').slice(-5).join('\n');

/** Writes a stream to a command's stdin; gives its error. That of a stdin which is closed is the command's own matter. */
const feed = async (
  stdin: Writable,
  bytes: AsyncIterable<Buffer>,
): Promise<{ readonly error: unknown } | undefined> => {
  let isClosed = false;
  stdin.on('error', () => undefined);
  const write = (chunk: Buffer): Promise<boolean> =>
    new Promise((resolve) => stdin.write(chunk, (error) => resolve(!error)));
  try {
    for await (const chunk of bytes) {
      isClosed = !(await write(chunk));
      if (isClosed) return undefined;
    }
    return undefined;
  } catch (error) {
    return { error };
  } finally {
    if (!isClosed) stdin.end();
  }
};

/** Runs real processes, which are terminated with this process. */
export const execaRunner: Runner = async (command, options = {}) => {
  const { env, cwd, input = '', timeoutMs, signal, onLine } = options;
  const [program, ...args] = command;
  const stdin = typeof input === 'string' ? { input } : { stdin: 'pipe' as const };
  const settings = { env, cwd, ...stdin, timeout: timeoutMs, cancelSignal: signal, reject: false } as const;
  const subprocess = execa(program, args, { ...settings, all: onLine !== undefined });
  const feeding = typeof input === 'string' ? undefined : feed(subprocess.stdin, input);
  if (onLine) for await (const line of subprocess.iterable({ from: 'all' })) onLine(line);
  const { exitCode, stdout, stderr, timedOut, failed, shortMessage } = await subprocess;
  const fed = await feeding;
  if (fed) throw fed.error;
  if (failed) throw new CommandError(command, { exitCode, stdout, stderr, timedOut, reason: shortMessage });
  return { exitCode: exitCode ?? 0, stdout, stderr };
};

/** A runner whose commands this signal terminates. */
export const stoppedBy =
  (signal: AbortSignal, runner: Runner): Runner =>
  (command, options) =>
    runner(command, { ...options, signal });

export type TerminalOptions = {
  readonly signal: AbortSignal;
  /** Passes on why the signal aborted, where the terminal does not do so itself. */
  readonly terminate: (pid: number, reason: unknown) => Promise<unknown>;
  /** Variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
};

/** Runs a command on this process's terminal; returns its exit code, or as a shell 128 plus the signal's number. */
export const runInTerminal = async (
  command: Command,
  { signal, terminate, env = {} }: TerminalOptions,
): Promise<number> => {
  const [program, ...args] = command;
  const subprocess = execa(program, args, { stdio: 'inherit', reject: false, env });
  const stop = () => {
    // it may have exited already: a terminal sends Ctrl-C to all its processes
    if (subprocess.pid !== undefined) terminate(subprocess.pid, signal.reason).catch(() => undefined);
  };
  signal.addEventListener('abort', stop, { once: true });
  const { exitCode, signal: endedBy } = await subprocess;
  signal.removeEventListener('abort', stop);
  return exitCode ?? 128 + (endedBy ? constants.signals[endedBy] : 0);
};
