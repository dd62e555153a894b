import type { Instance } from '../instance/instance.ts';
import { determinedPaths } from '../instance/paths.ts';
import type { MasterResource } from '../instance/record.ts';
import { findByArguments } from '../lib/process/by-arguments.ts';
import { isRunning, type ProcessIdentity, signalProcess } from '../lib/process/processes.ts';
import { polling, waitUntil } from '../lib/wait.ts';
import { processesIn } from './database/data.ts';

/** A database writes all that it has in memory, a master ends its connections. */
const terminateMs = 25_000;
const killMs = 10_000;

/** The supervisors of a master in an instance's journal, oldest first: one, but for a start that was interrupted. */
const mastersOf = ({ record }: Pick<Instance, 'record'>): readonly MasterResource[] =>
  record().journal.filter((resource) => resource.kind === 'master');

/** The supervisor of an instance's master, if it runs. */
export const findMasterKeeper = async (instance: Pick<Instance, 'record'>): Promise<MasterResource | undefined> => {
  const last = mastersOf(instance).at(-1);
  return last && (await isRunning(last.process)) ? last : undefined;
};

const untilGone = (keeper: ProcessIdentity, timeoutMs: number): Promise<boolean> =>
  waitUntil(
    'End of the master and its database',
    polling(() => isRunning(keeper), 20),
    (isThere) => !isThere || `process ${keeper.pid} still runs`,
    { timeoutMs, id: 'environment.master-not-ended', hint: `see its state in /proc/${keeper.pid}/stack` },
  );

/** In order, or with SIGKILL, after which the kernel ends its children. Throws UserError `environment.master-not-ended`. */
const endKeeper = async (keeper: ProcessIdentity): Promise<void> => {
  if (!(await signalProcess(keeper, 'SIGTERM'))) return;
  const isGone = await untilGone(keeper, terminateMs).then(
    () => true,
    () => false,
  );
  if (isGone) return;
  await signalProcess(keeper, 'SIGKILL');
  await untilGone(keeper, killMs);
};

/** PostgreSQL's own children end by themselves when it was killed; its folder is theirs until then. */
export const untilDatabaseGone = async (instanceDir: string): Promise<void> => {
  const { databaseDir } = determinedPaths(instanceDir);
  await waitUntil(
    'End of the database',
    polling(() => processesIn(databaseDir), 50),
    (left) => left.length === 0 || `process ${left.join(', ')} still runs`,
    { timeoutMs: killMs, id: 'environment.master-not-ended', hint: 'end it, then repeat the command' },
  );
};

/**
 * Stops an instance's master and its database; false when there was none. Safe to repeat. Throws UserError
 * `environment.master-not-ended`. Tested in test/process/stack/keeper.test.ts.
 */
export const stopMaster = async (instance: Instance): Promise<boolean> => {
  const masters = mastersOf(instance);
  for (const master of masters.toReversed()) {
    await endKeeper(master.process);
    await untilDatabaseGone(instance.dir);
    await instance.forget(master);
  }
  return masters.length > 0;
};

/** Stops those of an instance's folder whose record is lost or damaged; returns how many there were. Throws as {@link stopMaster}. */
export const stopUnrecordedMasters = async (instanceDir: string): Promise<number> => {
  const { specPath } = determinedPaths(instanceDir);
  const keepers = await findByArguments(
    (args) => args.at(-1) === specPath && /\/supervisor\.[jt]s$/.test(args.at(-2) ?? ''),
  );
  for (const keeper of keepers) await endKeeper(keeper);
  // also that of a supervisor that was killed: its folder is removed next
  await untilDatabaseGone(instanceDir);
  return keepers.length;
};
