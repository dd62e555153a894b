import { join } from 'node:path';
import { UserError } from '../lib/errors.ts';
import { withLock } from '../lib/lock.ts';
import type { CommandContext } from '../steps/context.ts';

/**
 * Does work that changes an instance, one process at a time.
 * Throws UserError `environment.locked` when another one is at it, naming it.
 */
export const withInstanceLock = <T>({ places, config, signal }: CommandContext, work: () => Promise<T>): Promise<T> =>
  withLock(
    join(places.stateDir, 'locks', config.name),
    {
      signal,
      onWait: (pid) => {
        throw new UserError(`instance ${config.name} is being changed by process ${pid}`, {
          id: 'environment.locked',
          hint: `wait until it has ended, or end it: kill ${pid}`,
        });
      },
    },
    work,
  );
