import { findMasterMove, type MasterMove } from '../../daemon/find.ts';
import { wantedTunnelOf } from '../../daemon/from-settings.ts';
import { withLog } from '../../daemon/progress.ts';
import { findCurrentSpec } from '../../daemon/spec.ts';
import { startTunnels } from '../../daemon/start.ts';
import { stopTunnelDaemon } from '../../daemon/stop.ts';
import { createInstance, findInstance, type Instance, isTunnelOnly, removeInstance } from '../../instance/instance.ts';
import { instancePaths } from '../../instance/paths.ts';
import type { InstanceRecord } from '../../instance/record.ts';
import { UserError } from '../../lib/errors.ts';
import type { MasterEndpoint } from '../../model/master-endpoint.ts';
import type { TunnelDaemonStatus } from '../../model/tunnel-status.ts';
import type { CommandContext } from '../../providers/context.ts';
import { chooseMasterRoute, endpointThrough } from '../../tunnel/endpoint.ts';
import { findMasterRouteProblems } from '../../tunnel/endpoint-rules.ts';
import { stageTimeoutMs } from '../context.ts';
import { keptOf } from '../settings/kept.ts';
import { tunnelSettings } from '../settings/reads.ts';

/** A tunnel that is up. */
export type OpenedTunnel = {
  readonly instance: Instance;
  readonly endpoint: MasterEndpoint;
  readonly status: TunnelDaemonStatus;
  /** Set when the master's files of an instance with a cluster name another address. */
  readonly move?: MasterMove;
};

const noTunnel = (via: string): UserError =>
  new UserError(`No tunnel is needed: tasks reach the master ${via === 'direct' ? 'directly' : `by ${via}`}`, {
    id: 'usage.no-tunnel',
    hint: 'to use one: --master-reach ssh --ssh-host HOST, or --master-reach ngrok; both with --tunnel-allow-public true',
  });

/** Throws UserError `usage.reach` with everything that is wrong; nothing may be exposed that the user has not allowed. */
const refuseProblems = ({ config }: CommandContext): void => {
  const errors = findMasterRouteProblems(config).filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return;
  throw new UserError(errors.map(({ path, message }) => `${path}: ${message}`).join('; '), {
    id: 'usage.reach',
    hint: errors.map(({ hint }) => hint).join('; '),
  });
};

/** The next `up` opens the same tunnel; what a tunnel does not read stays as the instance has it. */
const keptAfter = (instance: Instance, { chosen }: CommandContext): Pick<InstanceRecord, 'given'> => {
  if (!chosen) return {};
  const isOfTunnel = ([path]: readonly [string, unknown]): boolean => tunnelSettings.includes(path);
  const others = Object.entries(keptOf(instance.record())).filter((entry) => !isOfTunnel(entry));
  return { given: Object.fromEntries([...others, ...Object.entries(chosen.given).filter(isOfTunnel)]) };
};

/**
 * Opens the tunnel of the settings, with or without a cluster that taskgate made; the instance's forwards
 * stay. Throws UserError `usage.no-tunnel` where the settings name none, or `tunnel.*`.
 * Tested in test/process/tunnel-command.test.ts.
 */
export const openTunnelOf = async (context: CommandContext, report: (line: string) => void): Promise<OpenedTunnel> => {
  const { config, folders, env, signal } = context;
  refuseProblems(context);
  const reach = chooseMasterRoute(config);
  const tunnel = wantedTunnelOf(reach, config);
  if (!tunnel) throw noTunnel(reach.via);
  const found = await findInstance(folders.stateDir, config.name);
  const instance = found ?? (await createInstance(folders.stateDir, { name: config.name, provider: 'attach' }));
  try {
    const forward = (await findCurrentSpec(instance))?.forward;
    const wanted = { tunnel, ...(forward && { forward }) };
    const { daemonCommand } = folders;
    const limits = { signal, timeoutMs: stageTimeoutMs(context) };
    const status = await startTunnels({ instance, wanted, daemonCommand, env, ...limits, report });
    const address = status.tunnel?.address;
    if (!address) throw new Error('a tunnel is up without an address');
    const endpoint = endpointThrough(tunnel.driver.kind, address, config.master.scheme);
    const move = isTunnelOnly(instance) ? undefined : findMasterMove(instance.record(), status, config.master.scheme);
    await instance.change({ ...(isTunnelOnly(instance) && { master: endpoint }), ...keptAfter(instance, context) });
    return { instance, endpoint, status, ...(move && { move }) };
  } catch (error) {
    if (found) throw error;
    const told = await withLog(error, instance.dir, instancePaths(instance.dir).tunnelLogPath);
    await removeInstance(instance);
    throw told;
  }
};

/** Closes the tunnel of an instance; forwards go on. One that has nothing else goes with it. False when there was none. */
export const closeTunnelOf = async (context: CommandContext): Promise<boolean> => {
  const { config, folders, env, signal } = context;
  const instance = await findInstance(folders.stateDir, config.name);
  if (!instance) return false;
  const forward = (await findCurrentSpec(instance))?.forward;
  const wasThere = await stopTunnelDaemon(instance);
  if (isTunnelOnly(instance)) await removeInstance(instance);
  else if (wasThere && forward) {
    const { daemonCommand } = folders;
    const rest = { instance, wanted: { forward }, daemonCommand, env, signal, timeoutMs: stageTimeoutMs(context) };
    await startTunnels({ ...rest, report: () => undefined });
  }
  return wasThere;
};
