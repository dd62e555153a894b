import { dirname } from 'node:path';
import type { Config } from '../../config/config.ts';
import { findMasterKeeper } from '../../determined/stop.ts';
import type { Instance } from '../../instance/instance.ts';
import { instancePaths } from '../../instance/paths.ts';
import type { MasterSettings } from '../../instance/record.ts';
import { hasCode } from '../../lib/errors.ts';
import { findTextFile, writeByRename } from '../../lib/files.ts';
import { hostAndPort } from '../../lib/host-and-port.ts';
import type { HostPort } from '../../proof/probe/dial.ts';
import { findMasterInfo } from '../../proof/probe/master-info.ts';
import type { MasterInfo } from '../../proof/probe/placeholder-master.ts';
import { findPortKeeper, servedBy } from '../master/port-keeper.ts';

/** Where `down` has just removed the folder, nothing is remembered. */
const remember = (path: string, id: string): Promise<void> =>
  writeByRename(path, `${id}\n`, { mode: 0o600 }).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
  });

/** A master that is busy may miss the second that one question waits: it counts as absent after several. */
const askMaster = async (target: HostPort, left = 3): Promise<MasterInfo | undefined> =>
  (await findMasterInfo(target)) ?? (left > 1 ? askMaster(target, left - 1) : undefined);

/** Whether the port has the master that another instance runs, and that does not serve this one. */
const isAnothers = async (instance: Pick<Instance, 'dir' | 'record'>, port: number): Promise<boolean> => {
  const { name, master } = instance.record();
  if (master?.via === 'url' || (await findMasterKeeper(instance))) return false;
  const keeper = await findPortKeeper(dirname(dirname(instance.dir)), name, port);
  return keeper !== undefined && !servedBy(keeper).includes(name);
};

/** The instance's own master: what answers now at its address, and the `cluster_id` of the last one that did before. */
export type OwnMaster = {
  /** As in `127.0.0.1:8080`. */
  readonly address: string;
  readonly info?: MasterInfo | undefined;
  readonly known?: string | undefined;
};

/** Where the instance's own master is asked: at the address of the user's own, else on its port of this host. */
export const ownMasterTarget = (
  { record }: Pick<Instance, 'record'>,
  { port }: Pick<MasterSettings, 'port'>,
): HostPort => {
  const { master } = record();
  return master?.via === 'url' ? { host: master.host, port: master.port } : { host: '127.0.0.1', port };
};

/** Asks the instance's own master who it is, and remembers it. One that another instance runs for itself is none. */
export const findOwnMaster = async (
  instance: Pick<Instance, 'dir' | 'record'>,
  settings: Pick<MasterSettings, 'port'>,
): Promise<OwnMaster> => {
  // not in the record: `status` reads that without the lock, so it must not write it
  const { masterIdPath } = instancePaths(instance.dir);
  const target = ownMasterTarget(instance, settings);
  const [kept, found] = await Promise.all([findTextFile(masterIdPath), askMaster(target)]);
  const info = found && !(await isAnothers(instance, settings.port)) ? found : undefined;
  const known = kept?.trim() || undefined;
  const seen = info?.clusterId;
  if (seen !== undefined && seen !== known) await remember(masterIdPath, seen);
  return { address: hostAndPort(target), info, known };
};

/** A master that answered before and no longer does. */
export type LostMaster = { readonly address: string; readonly clusterId: string };

export const lostOf = ({ address, info, known }: OwnMaster): LostMaster | undefined =>
  info === undefined && known !== undefined ? { address, clusterId: known } : undefined;

/** Not wrong where the user has stopped it, so no problem of the instance: what to do if nobody has. */
export const describeLostMaster = ({ address, clusterId }: LostMaster): string =>
  `the master with cluster id ${clusterId} that answered at ${address} before no longer does: start it again, with its database; the last lines of its log say why it ended ("retry watcher ... stopped unexpectedly": the cluster's API server was restarted, see docs/determined.md)`;

/** What `up` says of a master that is gone; nothing of one that it starts again itself. */
export const lostWarning = (own: OwnMaster, { withMaster }: Pick<Config, 'withMaster'>): string | undefined => {
  const lost = withMaster ? undefined : lostOf(own);
  return lost && describeLostMaster(lost);
};
