import type { Instance } from '../instance/instance.ts';
import { instancePaths } from '../instance/paths.ts';
import { findByArguments } from '../lib/process/by-arguments.ts';
import { isRunning, type ProcessIdentity, signalProcess } from '../lib/process/processes.ts';
import { polling, waitUntil } from '../lib/wait.ts';
import { tunnelDaemonsOf } from './find.ts';

type Patience = {
  /** Until SIGKILL; 5 s unless given. */
  readonly terminateMs?: number;
};

const usualTerminateMs = 5_000;
const killMs = 10_000;

const untilGone = (daemon: ProcessIdentity, timeoutMs: number): Promise<boolean> =>
  waitUntil(
    'End of the tunnel daemon',
    polling(() => isRunning(daemon), 20),
    (isThere) => !isThere || `process ${daemon.pid} still runs`,
    { timeoutMs, id: 'tunnel.not-ended', hint: `see its state in /proc/${daemon.pid}/stack` },
  );

/** Terminates, then kills; the kernel ends all that the process has started. Throws UserError `tunnel.not-ended`. */
const endDaemon = async (daemon: ProcessIdentity, { terminateMs = usualTerminateMs }: Patience = {}): Promise<void> => {
  if (!(await signalProcess(daemon, 'SIGTERM'))) return;
  const isGone = await untilGone(daemon, terminateMs).then(
    () => true,
    () => false,
  );
  if (isGone) return;
  await signalProcess(daemon, 'SIGKILL');
  await untilGone(daemon, killMs);
};

/**
 * Stops an instance's tunnel daemon, and with it the tunnel and the forwards; false when there was none. Safe to repeat.
 * Throws UserError `tunnel.not-ended` when the process does not end; then it stays in the journal.
 */
export const stopTunnelDaemon = async ({ record, forget }: Instance, patience?: Patience): Promise<boolean> => {
  const daemons = tunnelDaemonsOf(record());
  for (const daemon of daemons.toReversed()) {
    await endDaemon(daemon.process, patience);
    await forget(daemon);
  }
  return daemons.length > 0;
};

/**
 * Stops the tunnel daemons of an instance's folder whose record is lost or damaged; returns how many there were. Throws
 * UserError `tunnel.not-ended`. Tested in test/process/tunnel-daemon.test.ts.
 */
export const stopUnrecordedDaemons = async (instanceDir: string): Promise<number> => {
  const { tunnelSpecPath } = instancePaths(instanceDir);
  const daemons = await findByArguments(
    (args) => args.at(-1) === tunnelSpecPath && /\/tunnel-daemon\.[jt]s$/.test(args.at(-2) ?? ''),
  );
  for (const daemon of daemons) await endDaemon(daemon);
  return daemons.length;
};
