import type { Instance } from '../instance/instance.ts';
import { instancePaths } from '../instance/paths.ts';
import type { InstanceRecord, Resource, TunnelResource } from '../instance/record.ts';
import { isRunning } from '../lib/process/processes.ts';
import type { MasterEndpoint } from '../model/master-endpoint.ts';
import type { TunnelDaemonStatus } from '../model/tunnel-status.ts';
import { askStatus } from '../supervisor/status-socket.ts';
import { endpointThrough } from '../tunnel/endpoint.ts';
import { removeTunnelResource } from './stop.ts';

const isTunnels = (resource: Resource): resource is TunnelResource => resource.kind === 'tunnels';

const tunnelKeepersOf = ({ journal }: Pick<InstanceRecord, 'journal'>): readonly TunnelResource[] =>
  journal.filter(isTunnels);

/** The status of an instance's tunnel keeper; undefined when none runs, or it does not answer. */
export const findTunnelStatus = (instanceDir: string): Promise<TunnelDaemonStatus | undefined> =>
  askStatus<TunnelDaemonStatus>(instancePaths(instanceDir).tunnelSocketPath, ({ events }) => events !== undefined);

/** The tunnel keeper of an instance, if it runs. */
export const findTunnelKeeper = async ({ record }: Instance): Promise<TunnelResource | undefined> => {
  const last = tunnelKeepersOf(record()).at(-1);
  return last && (await isRunning(last.process)) ? last : undefined;
};

/** Ends the tunnel keeper of an instance with all that it keeps; false when there was none. Safe to repeat. */
export const stopTunnelKeeper = async ({ record, forget }: Instance): Promise<boolean> => {
  const keepers = tunnelKeepersOf(record());
  for (const keeper of keepers.toReversed()) {
    await removeTunnelResource(keeper);
    await forget(keeper);
  }
  return keepers.length > 0;
};

export type MasterMove = { readonly from?: MasterEndpoint; readonly to: MasterEndpoint };

/**
 * Whether tasks must dial the master elsewhere than the instance's record says, since its tunnel has another address
 * now; undefined where all is as recorded, or no tunnel is there. After such a move the master's files must be written
 * again, and the master started again: tasks that it has started keep the old address.
 */
export const findMasterMove = (
  { master: from }: Pick<InstanceRecord, 'master'>,
  { tunnel }: TunnelDaemonStatus,
  masterScheme: 'http' | 'https',
): MasterMove | undefined => {
  if (!tunnel?.address) return undefined;
  const to = endpointThrough(tunnel.kind, tunnel.address, masterScheme);
  const isSame = from?.scheme === to.scheme && from.host === to.host && from.port === to.port && from.via === to.via;
  return isSame ? undefined : { to, ...(from && { from }) };
};
