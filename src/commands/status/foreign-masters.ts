import { writeFile } from 'node:fs/promises';
import type { Instance } from '../../instance/instance.ts';
import { instancePaths } from '../../instance/paths.ts';
import type { GatewaySettings, MasterSettings } from '../../instance/record.ts';
import { hasCode } from '../../lib/errors.ts';
import { findTextFile } from '../../lib/files.ts';
import type { Kube } from '../../lib/kube/client.ts';
import { findForeignMaster } from '../../master/foreign/foreign.ts';
import type { Problem } from '../../model/problem.ts';
import { findMasterInfo } from '../../proof/probe/master-info.ts';

export const foreignMasterId = 'cluster.foreign-master';

/** Where the instance's own master works: settings of today, or those that the instance was made with. */
type Settings = {
  readonly gateway: Pick<GatewaySettings, 'name' | 'namespace'>;
  readonly master: Pick<MasterSettings, 'taskNamespace' | 'port'>;
};

/** Where `down` has just removed the folder, nothing is remembered. */
const remember = (path: string, id: string): Promise<void> =>
  writeFile(path, `${id}\n`, { mode: 0o600 }).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
  });

/** The `cluster_id` of the instance's own master: of the one that answers now, else of the last one that did. */
const findOwnClusterId = async (instance: Instance, { port }: Settings['master']): Promise<string | undefined> => {
  const { master } = instance.record();
  // not in the record: `status` reads that without the lock, so it must not write it
  const { masterIdPath } = instancePaths(instance.dir);
  const target = master?.via === 'url' ? { host: master.host, port: master.port } : { host: '127.0.0.1', port };
  const [kept, info] = await Promise.all([findTextFile(masterIdPath), findMasterInfo(target)]);
  const known = kept?.trim() || undefined;
  const seen = info?.clusterId;
  if (seen !== undefined && seen !== known) await remember(masterIdPath, seen);
  return seen ?? known;
};

/**
 * Other masters on the instance's task namespace or Gateway, as problems. Asks the instance's own master for its
 * `cluster_id` and remembers it; while none was ever seen, every trace of a master is reported.
 */
export const findForeignMasters = async (
  kube: Kube,
  instance: Instance,
  { gateway: { name, namespace }, master }: Settings,
): Promise<readonly Problem[]> => {
  const ownClusterId = await findOwnClusterId(instance, master);
  const tenancy = { taskNamespace: master.taskNamespace, gateway: { name, namespace }, ownClusterId };
  const findings = await findForeignMaster(kube, tenancy);
  return findings.map((finding) => ({ id: foreignMasterId, ...finding }));
};
