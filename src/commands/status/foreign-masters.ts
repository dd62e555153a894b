import type { GatewaySettings, MasterSettings } from '../../instance/record.ts';
import type { Kube } from '../../lib/kube/client.ts';
import { findForeignMaster } from '../../master/foreign/foreign.ts';
import type { Problem } from '../../model/problem.ts';
import type { OwnMaster } from './own-master.ts';

export const foreignMasterId = 'cluster.foreign-master';

/** Where the instance's own master works: settings of today, or those that the instance was made with. */
type Settings = {
  readonly gateway: Pick<GatewaySettings, 'name' | 'namespace'>;
  readonly master: Pick<MasterSettings, 'taskNamespace'>;
};

/**
 * Other masters on the instance's task namespace or Gateway, as problems. The instance's own
 * is known by its `cluster_id`; while none was ever seen, every trace of a master is reported.
 */
export const findForeignMasters = async (
  kube: Kube,
  { info, known }: Pick<OwnMaster, 'info' | 'known'>,
  { gateway: { name, namespace }, master }: Settings,
): Promise<readonly Problem[]> => {
  const ownClusterId = info?.clusterId ?? known;
  const tenancy = { taskNamespace: master.taskNamespace, gateway: { name, namespace }, ownClusterId };
  const findings = await findForeignMaster(kube, tenancy);
  return findings.map((finding) => ({ id: foreignMasterId, ...finding }));
};
