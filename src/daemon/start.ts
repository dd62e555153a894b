import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { findSudoCaller } from '../instance/hand-over.ts';
import type { Instance } from '../instance/instance.ts';
import { instancePaths } from '../instance/paths.ts';
import type { TunnelDaemonSpec } from '../instance/tunnels.ts';
import { UserError } from '../lib/errors.ts';
import { giveTo, writeFileAtomically } from '../lib/files.ts';
import { findProcess } from '../lib/process/processes.ts';
import { polling, type Verdict, waitUntil } from '../lib/wait.ts';
import type { TunnelDaemonStatus } from '../model/tunnel-status.ts';
import { launchKeeper } from '../supervisor/launch.ts';
import { findTunnelKeeper, findTunnelStatus, stopTunnelKeeper } from './find.ts';
import { findLastAddress, isAsWanted, makeTunnelSpec, readTunnelSpec, type WantedTunnels } from './wanted.ts';

export type StartTunnelsInput = {
  readonly instance: Instance;
  readonly wanted: WantedTunnels;
  /** Program and first arguments that start a tunnel daemon. */
  readonly daemonCommand: readonly [string, ...string[]];
  /** The whole environment of ssh and ngrok: HOME, PATH, SSH_AUTH_SOCK, NGROK_AUTHTOKEN, HTTPS_PROXY. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Told in one line what it waits for. */
  readonly report: (line: string) => void;
};

const pollMs = 100;

/** What is said of a keeper that has not come up yet. */
const judge = (status: TunnelDaemonStatus | undefined): Verdict => {
  if (!status) return 'its keeper does not answer yet';
  const { tunnel, forward } = status;
  if (tunnel && tunnel.state !== 'up')
    return `${tunnel.target} is ${tunnel.state}: ${tunnel.detail ?? 'no nonce came back yet'}`;
  if (forward && forward.state !== 'up')
    return `the forwards are ${forward.state}${forward.detail ? `: ${forward.detail}` : ''}`;
  return true;
};

const isHopeless = ({ tunnel }: TunnelDaemonStatus): boolean => tunnel?.state === 'failed' || tunnel?.state === 'ended';

/** Throws what only the user can mend as soon as it is known. */
const look = async (instanceDir: string): Promise<TunnelDaemonStatus | undefined> => {
  const status = await findTunnelStatus(instanceDir);
  if (!status?.tunnel || !isHopeless(status)) return status;
  const { detail = '', hint, errorId: id = 'tunnel.ended', state } = status.tunnel;
  throw new UserError(detail || `the tunnel has ${state}`, { id, ...(hint && { hint }) });
};

/** Waits for a nonce through the tunnel, and for the forwards. Throws UserError `tunnel.*`. */
const awaitUp = async ({ instance, signal, timeoutMs, report }: StartTunnelsInput): Promise<TunnelDaemonStatus> => {
  const { tunnelDaemonLogPath, tunnelLogPath } = instancePaths(instance.dir);
  const status = await waitUntil(
    'The way to the master',
    polling(() => look(instance.dir), pollMs),
    judge,
    {
      ...{ timeoutMs, signal, onVerdict: report, id: 'tunnel.not-up' },
      hint: `all that was said is in ${tunnelLogPath}`,
    },
  );
  if (!status) throw new Error(`no status of the tunnel keeper, see ${tunnelDaemonLogPath}`);
  return status;
};

const keeperEnded = (why: string): UserError =>
  new UserError(`the tunnel keeper ended: ${why}`, { id: 'tunnel.keeper-ended', hint: 'the message has what failed' });

const launch = async (input: StartTunnelsInput, spec: TunnelDaemonSpec): Promise<TunnelDaemonStatus> => {
  const { instance, env, signal, timeoutMs } = input;
  const { tunnelSpecPath: specPath, logsDir, tunnelDaemonLogPath: logPath } = instancePaths(instance.dir);
  await mkdir(logsDir, { recursive: true, mode: 0o700 });
  await writeFileAtomically(specPath, `${JSON.stringify(spec, null, 2)}\n`);
  // it is the user's ssh, with the user's keys: the daemon and the files that it needs are the user's
  const owner = findSudoCaller(env);
  if (owner) await giveTo(owner, dirname(instance.dir), instance.dir, logsDir, specPath);
  const given = Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const keeper = launchKeeper([...input.daemonCommand, specPath], {
    ...{ logsDir, signal, timeoutMs, logPath, env: Object.fromEntries(given), explainEnd: keeperEnded },
    ...(owner && { owner }),
  });
  const identity = await findProcess(keeper.pid);
  if (identity) await instance.journal({ kind: 'tunnels', process: identity });
  await keeper.furnished();
  keeper.go();
  const looking = new AbortController();
  const asked = { ...input, signal: AbortSignal.any([signal, looking.signal]) };
  const status = await Promise.race([keeper.ended, awaitUp(asked)]).finally(() => looking.abort());
  signal.throwIfAborted();
  keeper.detach();
  return status;
};

/**
 * Sees to it that an instance's tunnel and forwards are up, as wanted: leaves a keeper alone that keeps just that, else
 * starts one, at the address that the tunnel had before. Resolves once a nonce came back through the tunnel.
 * Throws UserError `tunnel.*`; nothing runs then that did not before.
 */
export const startTunnels = async (input: StartTunnelsInput): Promise<TunnelDaemonStatus> => {
  const { instance, wanted } = input;
  const [keeper, spec, status] = await Promise.all([
    findTunnelKeeper(instance),
    readTunnelSpec(instance.dir),
    findTunnelStatus(instance.dir),
  ]);
  if (keeper && spec && status && isAsWanted(spec, wanted) && !isHopeless(status)) return awaitUp(input);
  await stopTunnelKeeper(instance);
  const last = wanted.tunnel && findLastAddress(wanted.tunnel.driver, instance.record(), status);
  try {
    return await launch(input, makeTunnelSpec(instance, wanted, { last, now: Date.now() }));
  } catch (error) {
    await stopTunnelKeeper(instance);
    throw error;
  }
};
