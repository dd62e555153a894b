import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Instance } from '../instance/instance.ts';
import { findSocketProblem, instancePaths } from '../instance/paths.ts';
import { findStateOwner } from '../instance/state-folder.ts';
import type { TunnelDaemonSpec } from '../instance/tunnels.ts';
import { withoutUndefined } from '../lib/defined.ts';
import { UserError } from '../lib/errors.ts';
import { giveTo, writeFileAtomically } from '../lib/files.ts';
import { findProcess } from '../lib/process/processes.ts';
import { polling, waitUntil } from '../lib/wait.ts';
import type { TunnelDaemonStatus } from '../model/tunnel-status.ts';
import { launchDaemon } from '../supervisor/launch.ts';
import { readClocks } from './expiry.ts';
import { findTunnelDaemon, findTunnelStatus } from './find.ts';
import { judgeProgress, lateError } from './progress.ts';
import { findLastAddress, makeTunnelSpec, readTunnelSpec } from './spec.ts';
import { stopTunnelDaemon } from './stop.ts';
import { isAsWanted, type WantedTunnels } from './wanted.ts';

export type StartTunnelsInput = {
  readonly instance: Instance;
  readonly wanted: WantedTunnels;
  /** Program and first arguments of a tunnel daemon; the path of its spec is added. */
  readonly daemonCommand: readonly [string, ...string[]];
  /** The whole environment of ssh and ngrok: HOME, PATH, SSH_AUTH_SOCK, NGROK_AUTHTOKEN, HTTPS_PROXY. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Called with what it waits for, in one line. */
  readonly report: (line: string) => void;
};

const pollMs = 100;

/** What will not come up any more. */
const findEnded = ({ tunnel, forward }: TunnelDaemonStatus) =>
  [tunnel, forward].find((one) => one?.state === 'failed' || one?.state === 'ended');

/** Throws a failure that only the user can fix as soon as it is known. */
const findProgress = async (instanceDir: string): Promise<TunnelDaemonStatus | undefined> => {
  const status = await findTunnelStatus(instanceDir);
  const ended = status && findEnded(status);
  if (!ended) return status;
  const { detail = '', hint, errorId: id = 'tunnel.ended', state } = ended;
  throw new UserError(detail || `the tunnel has ${state}`, { id, ...(hint && { hint }) });
};

/** Waits for a nonce through the tunnel, unless only pods can see its end, and for the forwards. Throws UserError `tunnel.*`. */
const awaitUp = async ({ instance, signal, timeoutMs, report }: StartTunnelsInput): Promise<TunnelDaemonStatus> => {
  const { tunnelDaemonLogPath, tunnelLogPath } = instancePaths(instance.dir);
  const limits = { timeoutMs, signal, onVerdict: report };
  let last: TunnelDaemonStatus | undefined;
  const look = polling(async () => {
    last = await findProgress(instance.dir);
    return last;
  }, pollMs);
  const ending = { id: 'tunnel.not-up', hint: `the log is ${tunnelLogPath}` } as const;
  const status = await waitUntil('The tunnel', look, judgeProgress, { ...limits, ...ending }).catch(
    (error: unknown) => {
      if (!(error instanceof UserError) || error.id !== ending.id) throw error;
      throw lateError(error, last, { timeoutMs, logPath: tunnelLogPath });
    },
  );
  if (!status) throw new Error(`no status of the tunnel daemon, see ${tunnelDaemonLogPath}`);
  return status;
};

const daemonEnded = (why: string): UserError =>
  new UserError(`the tunnel daemon ended: ${why}`, {
    id: 'tunnel.keeper-ended',
    hint: 'the message contains the reason',
  });

const verifySocket = ({ dir }: Instance): void => {
  const problem = findSocketProblem(dir);
  if (problem) throw new UserError(problem.what, { id: 'environment.socket-path', hint: problem.hint });
};

const launch = async (input: StartTunnelsInput, spec: TunnelDaemonSpec): Promise<TunnelDaemonStatus> => {
  const { instance, env, signal, timeoutMs } = input;
  const { tunnelSpecPath: specPath, logsDir, tunnelDaemonLogPath: logPath } = instancePaths(instance.dir);
  await mkdir(logsDir, { recursive: true, mode: 0o700 });
  await writeFileAtomically(specPath, `${JSON.stringify(spec, null, 2)}\n`);
  // it is the user's ssh, with the user's keys: the daemon and the files that it needs are the user's, if the user reaches them
  const owner = await findStateOwner(env, dirname(dirname(instance.dir)));
  if (owner) await giveTo(owner, dirname(instance.dir), instance.dir, logsDir, specPath);
  const surroundings = { logsDir, logPath, env: withoutUndefined(env), ...(owner && { owner }) };
  const options = { ...surroundings, signal, timeoutMs, explainEnd: daemonEnded };
  const daemon = launchDaemon([...input.daemonCommand, specPath], options);
  if (daemon.pid === undefined) return daemon.ended;
  const identity = await findProcess(daemon.pid);
  if (identity) await instance.journal({ kind: 'tunnels', process: identity });
  await daemon.untilSetUp();
  daemon.go();
  const looking = new AbortController();
  const asked = { ...input, signal: AbortSignal.any([signal, looking.signal]) };
  const status = await Promise.race([daemon.ended, awaitUp(asked)]).finally(() => looking.abort());
  signal.throwIfAborted();
  daemon.detach();
  return status;
};

/**
 * Ensures that an instance's tunnel and forwards are up, as wanted: leaves a daemon alone that runs just that, otherwise
 * starts one, at the address that the tunnel had before. Resolves once a nonce has come back through the tunnel.
 * Throws UserError `environment.socket-path` or `tunnel.*`; nothing runs then that did not before. Tested in test/process/tunnel-daemon.test.ts, too.
 */
export const startTunnels = async (input: StartTunnelsInput): Promise<TunnelDaemonStatus> => {
  const { instance, wanted } = input;
  verifySocket(instance);
  const [daemon, spec, status] = await Promise.all([
    findTunnelDaemon(instance),
    readTunnelSpec(instance.dir),
    findTunnelStatus(instance.dir),
  ]);
  if (daemon && spec && status && isAsWanted(spec, wanted) && !findEnded(status)) return awaitUp(input);
  await stopTunnelDaemon(instance);
  const last = wanted.tunnel && findLastAddress(wanted.tunnel.driver, instance.record(), status);
  try {
    return await launch(input, makeTunnelSpec(instance, wanted, { last, ...(await readClocks()) }));
  } catch (error) {
    await stopTunnelDaemon(instance);
    throw error;
  }
};
