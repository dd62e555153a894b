import { polling, type Verdict, waitUntil } from '../lib/wait.ts';
import { ranInVain } from './launch.ts';
import { isHopeless, type SupervisorStatus } from './spec.ts';
import { findSupervisorStatus } from './status-socket.ts';

const judge = (status: SupervisorStatus | undefined): Verdict => {
  if (!status) return 'the supervisor does not answer';
  if (status.children.some(isHopeless)) return true;
  const waiting = status.children.filter(({ state }) => state !== 'ready').map(({ name }) => name);
  return waiting.length === 0 || `not ready: ${waiting.join(', ')}`;
};

type ReadyWait = {
  readonly socketPath: string;
  readonly logsDir: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

/**
 * Waits until all children of a supervisor are ready. Throws UserError `cluster.not-started` at the deadline, and as soon as
 * one has ended too often, with its last words.
 */
export const untilChildrenReady = async ({ socketPath, logsDir, ...limits }: ReadyWait): Promise<void> => {
  const look = polling(() => findSupervisorStatus(socketPath), 200);
  const error = { id: 'cluster.not-started', hint: `see the logs in ${logsDir}` } as const;
  const status = await waitUntil("The node's processes", look, judge, { ...error, ...limits });
  const hopeless = status?.children.find(isHopeless);
  if (hopeless) throw await ranInVain(hopeless.name, hopeless.lastExit ?? 'it did not say how', logsDir);
};
