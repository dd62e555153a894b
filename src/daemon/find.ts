import type { Instance } from '../instance/instance.ts';
import { instancePaths } from '../instance/paths.ts';
import type { InstanceRecord, TunnelResource } from '../instance/record.ts';
import { isRunning } from '../lib/process/processes.ts';
import { isSameAddress, type MasterEndpoint } from '../model/master-endpoint.ts';
import type { TunnelDaemonStatus } from '../model/tunnel-status.ts';
import { askStatus } from '../supervisor/status-socket.ts';
import { endpointThrough } from '../tunnel/endpoint.ts';
import { isTunnelDaemonStatus } from './status.ts';

/** The tunnel daemons in an instance's journal, oldest first: one, but for a start that was interrupted. */
export const tunnelDaemonsOf = ({ journal }: Pick<InstanceRecord, 'journal'>): readonly TunnelResource[] =>
  journal.filter((resource) => resource.kind === 'tunnels');

/** The status of an instance's tunnel daemon; undefined when none runs, or it does not answer. */
export const findTunnelStatus = (instanceDir: string): Promise<TunnelDaemonStatus | undefined> =>
  askStatus<TunnelDaemonStatus>(instancePaths(instanceDir).tunnelSocketPath, isTunnelDaemonStatus);

/** The tunnel daemon of an instance, if it runs. */
export const findTunnelDaemon = async ({ record }: Instance): Promise<TunnelResource | undefined> => {
  const last = tunnelDaemonsOf(record()).at(-1);
  return last && (await isRunning(last.process)) ? last : undefined;
};

export type MasterMove = { readonly from?: MasterEndpoint; readonly to: MasterEndpoint };

/**
 * The move of the master's address, where its tunnel has another one than the instance's record; undefined where both
 * agree, or there is no tunnel. After a move the master's files must be written again and the master restarted: tasks
 * that it has started keep the old address.
 */
export const findMasterMove = (
  { master: from }: Pick<InstanceRecord, 'master'>,
  { tunnel }: TunnelDaemonStatus,
  masterScheme: 'http' | 'https',
): MasterMove | undefined => {
  if (!tunnel?.address) return undefined;
  const to = endpointThrough(tunnel.kind, tunnel.address, masterScheme);
  if (!from) return { to };
  return isSameAddress(from, to) && from.via === to.via ? undefined : { from, to };
};
