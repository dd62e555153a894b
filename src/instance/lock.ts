import { join } from 'node:path';
import { messageOf, UserError } from '../lib/errors.ts';
import { ensureFolderOf } from '../lib/files.ts';
import { findLockHolder, withLock } from '../lib/process/lock.ts';
import { handOver, type InstancePlace } from './hand-over.ts';
import { statePaths } from './paths.ts';
import { ensureStateFolder, findStateOwner } from './state-folder.ts';

/** The part of a command's context that names the instance and its lock. */
export type LockInput = InstancePlace & {
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/**
 * Runs work that changes an instance, one process at a time; under sudo the files that it wrote become the caller's, also
 * where it failed. Where they cannot, `onNote` gets why: the work counts. Throws UserError `environment.locked` with the
 * process that has the lock. Tested in test/instance/hand-over.test.ts, test/golden/layout.test.ts, test/instance/state-folder.test.ts and test/lib/process/lock.test.ts.
 */
export const withInstanceLock = async <T>(
  input: LockInput,
  work: () => Promise<T>,
  onNote: (text: string) => void,
): Promise<T> => {
  const { config, folders, signal, env } = input;
  const { name } = config;
  const { stateDir } = folders;
  const onWait = (pid: number): never => {
    throw new UserError(`instance ${name} is being changed by process ${pid}`, {
      id: 'environment.locked',
      hint: `wait until it has ended, or end it: kill ${pid}`,
    });
  };
  await ensureStateFolder(env, stateDir);
  const { locksDir } = statePaths(stateDir);
  // while root works, the caller of sudo must already find the lock
  await ensureFolderOf(locksDir, await findStateOwner(env, stateDir));
  return withLock(join(locksDir, name), { signal, onWait }, async () => {
    try {
      return await work();
    } finally {
      await handOver(env, input).catch((error: unknown) =>
        onNote(`not all files of instance ${name} became yours, some commands on it need sudo: ${messageOf(error)}`),
      );
    }
  });
};

/**
 * Runs work that breaks an instance on purpose, one process at a time; what repairs it meanwhile may still change it. Throws
 * UserError `environment.locked`. Tested in test/instance/lock.test.ts.
 */
export const withChaosLock = <T>(
  { config: { name }, folders: { stateDir }, signal }: LockInput,
  work: () => Promise<T>,
): Promise<T> => {
  const onWait = (pid: number): never => {
    throw new UserError(`instance ${name} is being broken on purpose by process ${pid}`, {
      id: 'environment.locked',
      hint: `wait until it has ended, or end it: kill -INT ${pid}`,
    });
  };
  // no instance has a dot in its name
  return withLock(join(statePaths(stateDir).locksDir, `${name}.chaos`), { signal, onWait }, work);
};

/**
 * Runs work that loads images into an instance's nodes, one process at a time: it undoes what it has begun, and another's load is
 * none of that. Waits for its turn; `onWait` gets the process that has it. Tested in test/instance/lock.test.ts.
 */
export const withImagesLock = <T>(
  { config: { name }, folders: { stateDir }, signal }: LockInput,
  work: () => Promise<T>,
  onWait: (pid: number) => void,
): Promise<T> => withLock(join(statePaths(stateDir).locksDir, `${name}.images`), { signal, onWait }, work);

/** Another process than this one that changes the instance now. */
export const findInstanceChanger = async (stateDir: string, name: string): Promise<number | undefined> => {
  const holder = await findLockHolder(join(statePaths(stateDir).locksDir, name));
  return holder?.pid === process.pid ? undefined : holder?.pid;
};
