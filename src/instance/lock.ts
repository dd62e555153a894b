import { join } from 'node:path';
import { UserError } from '../lib/errors.ts';
import { withLock } from '../lib/process/lock.ts';
import { statePaths } from './paths.ts';

/** The part of a command's context that names the instance and its lock. */
export type LockInput = {
  readonly config: { readonly name: string };
  readonly folders: { readonly stateDir: string };
  readonly signal: AbortSignal;
};

/**
 * Runs work that changes an instance, one process at a time. Throws UserError `environment.locked` with the process that
 * has the lock. Tested in test/golden/layout.test.ts and test/lib/process/lock.test.ts.
 */
export const withInstanceLock = <T>(
  { config: { name }, folders: { stateDir }, signal }: LockInput,
  work: () => Promise<T>,
): Promise<T> => {
  const onWait = (pid: number): never => {
    throw new UserError(`instance ${name} is being changed by process ${pid}`, {
      id: 'environment.locked',
      hint: `wait until it has ended, or end it: kill ${pid}`,
    });
  };
  return withLock(join(statePaths(stateDir).locksDir, name), { signal, onWait }, work);
};
