// Tested in test/process/guard.test.ts
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { UserError } from '../errors.ts';
import type { Command } from './runner.ts';

export type Guard = {
  /** Runs the command now; resolves when it has ended. Safe to repeat. Throws UserError `environment.command` where it failed. */
  readonly release: () => Promise<void>;
};

/** Waits for the end of a pipe that only this process holds. What a terminal or a service sends to all does not end it. */
const script = 'trap "" INT TERM HUP; read -r _; exec "$@"';

/**
 * Has a command run that repairs what this process is about to break: at `release`, or when this process is gone, however it
 * ended. The command runs in a process of its own, which outlives this one. Throws what the
 * system says where it cannot be started.
 */
export const startGuard = async (repair: Command): Promise<Guard> => {
  const guard = spawn('/bin/sh', ['-c', script, 'guard', ...repair], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(guard, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  ended.catch(() => undefined); // of one that could not be started: the next line throws it
  guard.stdin?.on('error', () => undefined);
  await once(guard, 'spawn');
  return {
    release: async () => {
      guard.stdin.end();
      const [code, signal] = await ended;
      if (code === 0) return;
      throw new UserError(`what was broken could not be mended: ${repair.join(' ')} ended with ${code ?? signal}`, {
        id: 'environment.command',
        hint: 'mend it by hand: run that command, then see taskgate status',
      });
    },
  };
};
