import { isDeepStrictEqual } from 'node:util';
import type { Kube } from '../../lib/kube/client.ts';
import { describeRef } from '../../lib/kube/shapes.ts';
import { type InstanceIdentity, instanceLabel, isOfInstance } from '../../model/labels.ts';
import type { Problem } from '../../model/problem.ts';
import { type NetworkPolicy, networkPolicyKind } from '../../model/security/network-policy.ts';

/** Removes an instance's policies but for the one that is kept, in all namespaces. Returns what it removed. */
export const removePolicies = async (
  kube: Kube,
  owner: InstanceIdentity,
  kept?: NetworkPolicy,
): Promise<readonly string[]> => {
  const found = await kube.list({ ...networkPolicyKind, labelSelector: `${instanceLabel}=${owner.instance}` });
  const isKept = ({ metadata }: (typeof found)[number]): boolean =>
    metadata.name === kept?.metadata.name && metadata.namespace === kept.metadata.namespace;
  const others = found.filter((policy) => isOfInstance(policy, owner) && !isKept(policy));
  for (const policy of others) await kube.remove(policy);
  return others.map(describeRef);
};

/** Writes the policy, and removes one that an earlier run left in another namespace. */
export const applyPolicy = async (kube: Kube, owner: InstanceIdentity, policy: NetworkPolicy): Promise<void> => {
  await kube.apply(policy);
  await removePolicies(kube, owner, policy);
};

/** Whether the policy is in the cluster as it was written. */
export const findPolicyProblems = async (
  kube: Kube,
  written: NetworkPolicy,
): Promise<readonly Omit<Problem, 'hint'>[]> => {
  const live = await kube.find<NetworkPolicy>(written);
  if (live && isDeepStrictEqual(live.spec, written.spec)) return [];
  const message = `${describeRef(written)} ${live ? 'was changed' : 'is gone'}: tasks may be reachable by others`;
  return [{ id: 'cluster.policy-drift', message }];
};
