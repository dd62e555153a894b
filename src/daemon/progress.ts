import { type ErrorId, UserError } from '../lib/errors.ts';
import { findLastLines } from '../lib/files.ts';
import type { Verdict } from '../lib/wait.ts';
import { isServed, stateText, type TunnelDaemonStatus, type TunnelReport } from '../model/tunnel-status.ts';

const aboutTunnel = ({ kind, target }: TunnelReport, text: string): string =>
  text.startsWith(kind) ? text : `${target}: ${text}`;

/** What was seen last that is a reason, not a stage: at the public end, or how the last run ended. */
const findReason = ({ state, detail, hint, failure }: TunnelReport) =>
  (state === 'probing' || state === 'degraded') && detail ? { detail, ...(hint && { hint }) } : failure;

const stages: Readonly<Record<string, string>> = {
  starting: 'connecting',
  probing: 'waiting for the first round trip through the tunnel',
};

const judgeTunnel = (tunnel: TunnelReport): Verdict => {
  const { state, target, detail } = tunnel;
  if (isServed(state)) return true;
  const reason = findReason(tunnel);
  if (reason) return `${aboutTunnel(tunnel, reason.detail)}; trying again`;
  return stages[state]
    ? `${target}: ${stages[state]}`
    : `${target} is ${stateText(state)}: ${detail ?? 'no reason is known'}`;
};

/** `true` once the tunnel and the forwards are up, otherwise what is missing. */
export const judgeProgress = (status: TunnelDaemonStatus | undefined): Verdict => {
  if (!status) return 'starting the tunnel daemon';
  const { tunnel, forward } = status;
  const verdict = tunnel ? judgeTunnel(tunnel) : true;
  if (verdict !== true) return verdict;
  if (forward && forward.state !== 'up')
    return `the forwards are ${forward.state}${forward.detail ? `: ${forward.detail}` : ''}`;
  return true;
};

/**
 * The error at the deadline: the last reason with its own id and way out, whatever was being tried at that moment;
 * `waited` is that of the wait, where none is known.
 */
export const lateError = (
  waited: UserError,
  status: TunnelDaemonStatus | undefined,
  { timeoutMs, logPath }: { readonly timeoutMs: number; readonly logPath: string },
): UserError => {
  const tunnel = status?.tunnel;
  const reason = tunnel && !isServed(tunnel.state) ? findReason(tunnel) : undefined;
  if (!tunnel || !reason) return waited;
  const id: ErrorId = ('errorId' in reason && reason.errorId) || 'tunnel.not-up';
  const message = `${aboutTunnel(tunnel, reason.detail)} (tried for ${Math.round(timeoutMs / 1_000)} s)`;
  return new UserError(message, { id, hint: reason.hint ?? `the log is ${logPath}` });
};

const linesShown = 6;

/** The same error for an instance that is removed with its log: the log's last lines instead of its path. */
export const withLog = async (error: unknown, folder: string, logPath: string): Promise<unknown> => {
  if (!(error instanceof UserError) || !error.hint?.includes(folder)) return error;
  const lines = (await findLastLines(logPath, linesShown * 4))
    .map((line) => line.replace(/^\S+Z /, ''))
    .filter((line) => !/^ssh: (?:debug\d:|\s|$)/.test(line))
    .slice(-linesShown);
  const text = lines.map((line) => `\n    ${line.slice(0, 300)}`).join('');
  const hint = 'the last lines of the log are in the message; with --timeouts-stage-seconds it is tried for longer';
  return new UserError(`${error.message}${text}`, { id: error.id, hint, cause: error });
};
