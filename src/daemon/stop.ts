import type { TunnelResource } from '../instance/record.ts';
import { isRunning, type ProcessIdentity, signalProcess } from '../lib/process/processes.ts';
import { polling, waitUntil } from '../lib/wait.ts';

const kindlyMs = 5_000;
const killedMs = 10_000;

const untilGone = (keeper: ProcessIdentity, timeoutMs: number): Promise<boolean> =>
  waitUntil(
    'End of the tunnel keeper',
    polling(() => isRunning(keeper), 20),
    (isThere) => !isThere || `process ${keeper.pid} still runs`,
    { timeoutMs, id: 'tunnel.not-ended', hint: `see its state in /proc/${keeper.pid}/stack` },
  );

/**
 * Ends a tunnel keeper, first kindly; the kernel ends with it all that it has started. Safe to repeat.
 * Throws UserError `tunnel.not-ended` when it does not go.
 */
export const removeTunnelResource = async ({ process: keeper }: TunnelResource): Promise<void> => {
  if (!(await signalProcess(keeper, 'SIGTERM'))) return;
  const isGone = await untilGone(keeper, kindlyMs).then(
    () => true,
    () => false,
  );
  if (isGone) return;
  await signalProcess(keeper, 'SIGKILL');
  await untilGone(keeper, killedMs);
};
