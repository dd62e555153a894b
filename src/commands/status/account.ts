import { identityOf } from '../../instance/identity.ts';
import type { GatewaySettings, InstanceRecord, MasterSettings } from '../../instance/record.ts';
import type { Kube } from '../../lib/kube/client.ts';
import { findOutdatedRoles } from '../../master/account/outdated.ts';
import type { Problem } from '../../model/problem.ts';

type Settings = {
  readonly gateway: Pick<GatewaySettings, 'name' | 'namespace'>;
  readonly master: Pick<MasterSettings, 'taskNamespace'>;
};

/** The account that `config account` made, where an earlier version did, which knew fewer rights; nothing without one. */
export const findAccountProblems = async (
  kube: Kube,
  record: InstanceRecord,
  { gateway, master: { taskNamespace } }: Settings,
): Promise<readonly Problem[]> => {
  const outdated = await findOutdatedRoles(kube, identityOf(record), { taskNamespace, gateway });
  return outdated.map(({ role: { kind, metadata }, lacks }) => ({
    id: 'environment.master-rights',
    message: `the account of the master lacks what a master needs by now, in ${kind} ${metadata.name}: ${lacks.join(', ')}`,
    hint: `run: taskgate up --name ${record.name}; its kubeconfig and token stay as they are`,
  }));
};
