import { identityOf } from '../../instance/identity.ts';
import type { GatewaySettings, InstanceRecord, MasterSettings } from '../../instance/record.ts';
import type { Kube } from '../../lib/kube/client.ts';
import { findOutdatedRoles } from '../../master/account/outdated.ts';
import type { Problem } from '../../model/problem.ts';

type Settings = {
  readonly gateway: Pick<GatewaySettings, 'name' | 'namespace'>;
  readonly master: Pick<MasterSettings, 'taskNamespace'>;
};

/** Who may not change the roles of an attached cluster is not helped by `up`. */
const hintOf = ({ name, provider }: InstanceRecord): string => {
  const administrator =
    provider === 'attach'
      ? `, or, where you may not change roles, let an administrator run: taskgate config account --name ${name}`
      : '';
  return `run: taskgate up --name ${name}${administrator}; its kubeconfig and token stay as they are`;
};

/**
 * The account that `config account` made, where an earlier version did, which knew fewer rights; nothing without one, or where only
 * rights are missing that a master works without (`config account --check-only` names these).
 */
export const findAccountProblems = async (
  kube: Kube,
  record: InstanceRecord,
  { gateway, master: { taskNamespace } }: Settings,
): Promise<readonly Problem[]> => {
  const outdated = await findOutdatedRoles(kube, identityOf(record), { taskNamespace, gateway });
  return outdated
    .filter(({ needs }) => needs.length > 0)
    .map(({ role: { kind, metadata }, needs }) => ({
      id: 'environment.master-rights',
      message: `the account of the master lacks what a master needs by now, in ${kind} ${metadata.name}: ${needs.join(', ')}`,
      hint: hintOf(record),
    }));
};
