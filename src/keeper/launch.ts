import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { UserError } from '../lib/errors.ts';
import type { Command } from '../lib/runner.ts';
import type { KeeperEvent } from './spec.ts';

export type LaunchOptions = {
  /** Where the keeper's own errors go. */
  readonly logPath: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: KeeperEvent) => void;
};

/** The starter's end of a keeper. It dies with the starter until `detach`. */
export type Launched = {
  /** Pid of the launched command, as the host sees it. */
  readonly pid: number;
  /** Resolves when the namespaces are furnished. */
  readonly furnished: Promise<void>;
  /** Lets the keeper start its children. */
  readonly go: () => void;
  /** Resolves when the named child has become ready. */
  readonly ready: (child: string) => Promise<void>;
  /** From now on the keeper outlives this process. */
  readonly detach: () => void;
};

/**
 * Starts a keeper in the background and speaks with it by lines. All promises reject with a UserError
 * (`cluster.keeper-ended`) when it ends, naming its log; aborting the signal ends it.
 */
export const launchKeeper = (command: Command, { logPath, env, signal, onEvent }: LaunchOptions): Launched => {
  const [program, ...args] = command;
  const log = openSync(logPath, 'a', 0o600);
  const keeper = spawn(program, args, { detached: true, stdio: ['pipe', 'pipe', log], env: { ...env } });
  closeSync(log);
  const { pid, stdin, stdout } = keeper;
  if (pid === undefined || !stdin || !stdout) throw new Error(`${program} could not be started`);

  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => undefined);
  const furnished = Promise.withResolvers<void>();
  const readyChildren = new Map<string, PromiseWithResolvers<void>>();
  const readiness = (child: string): PromiseWithResolvers<void> => {
    const entry = readyChildren.get(child) ?? Promise.withResolvers<void>();
    readyChildren.set(child, entry);
    return entry;
  };
  let problem = 'it gave no reason';
  createInterface(stdout).on('line', (line) => {
    const event = JSON.parse(line) as KeeperEvent;
    onEvent?.(event);
    if (event.event === 'furnished') furnished.resolve();
    if (event.event === 'failed') problem = event.message;
    if (event.event === 'child' && event.state === 'ready') readiness(event.name).resolve();
  });
  stdin.on('error', () => undefined);
  const stop = () => stdin.end();
  signal.addEventListener('abort', stop, { once: true });
  keeper.on('close', () => {
    const options = { id: 'cluster.keeper-ended', hint: `its log is ${logPath}` } as const;
    ended.reject(signal.aborted ? signal.reason : new UserError(`the keeper ended: ${problem}`, options));
  });
  return {
    pid,
    furnished: Promise.race([furnished.promise, ended.promise]),
    go: () => stdin.write('go\n'),
    ready: (child) => Promise.race([readiness(child).promise, ended.promise]),
    detach: () => {
      signal.removeEventListener('abort', stop);
      stdin.end('detach\n');
      stdout.destroy();
      keeper.unref();
    },
  };
};
