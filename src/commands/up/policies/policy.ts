import { imageRef } from '../../../config/versions.ts';
import { isForeignCluster } from '../../../gateway/foreign/saved.ts';
import { applyEngine, removeEngine } from '../../../gateway/policies/engine.ts';
import { applyPolicy, removePolicies } from '../../../gateway/policies/kept.ts';
import { masterRanges } from '../../../gateway/policies/master-ranges.ts';
import { taskPolicy } from '../../../gateway/policies/task-policy.ts';
import { identityOf } from '../../../instance/identity.ts';
import type { Instance } from '../../../instance/instance.ts';
import type { Kube } from '../../../lib/kube/client.ts';
import { ensureNamespace } from '../../../lib/kube/namespace.ts';
import type { Cluster } from '../../../model/cluster.ts';
import { ownerLabels } from '../../../model/labels.ts';
import type { MasterEndpoint } from '../../../model/master-endpoint.ts';
import type { NetworkPolicy } from '../../../model/security/network-policy.ts';
import type { StepTools } from '../../../task-list/step.ts';
import type { UpContext } from '../context.ts';

/** kubeadm's range of Services, where Minikube was told no other. */
const usualServiceCidr = '10.96.0.0/12';

type Written = {
  readonly instance: Instance;
  readonly kube: Kube;
  readonly cluster: Cluster;
};

const policyOf = async (
  { instance, cluster }: Pick<Written, 'instance' | 'cluster'>,
  { config }: Pick<UpContext, 'config'>,
  master: MasterEndpoint,
): Promise<{ readonly policy: NetworkPolicy; readonly note: string | undefined }> => {
  const { gateway, network } = config;
  const { ranges, note } = await masterRanges(master);
  const policy = taskPolicy({
    ...{ ...identityOf(instance.record()), namespace: config.master.taskNamespace, gateway },
    // the DNS server of a native node is a process of the node, not a pod
    ...(cluster.provider === 'native' && { dnsAddress: cluster.nodeAddress }),
    master: { port: master.port, ranges },
    ...{ egressAllow: network.egressAllow ?? [], taskToTask: network.taskToTask },
  });
  return { policy, note };
};

/**
 * Writes the policy for an address of the master; on a Minikube node that taskgate made, with the engine.
 * Tested in test/commands/up/policies/write-policies.test.ts.
 */
export const writePolicy = async (
  { instance, kube, cluster }: Written,
  context: Pick<UpContext, 'config'>,
  { master, warn }: Pick<StepTools, 'warn'> & { readonly master: MasterEndpoint },
): Promise<void> => {
  const { minikube } = instance.record();
  const owner = identityOf(instance.record());
  const { policy, note } = await policyOf({ instance, cluster }, context, master);
  await instance.change({ networkPolicy: policy });
  await ensureNamespace(kube, policy.metadata.namespace ?? '', ownerLabels(owner));
  await applyPolicy(kube, owner, policy);
  if (note) warn(note);
  if (cluster.provider !== 'minikube' || isForeignCluster(instance)) return;
  const serviceCidr = minikube?.serviceCidr ?? usualServiceCidr;
  await applyEngine(kube, { ...owner, image: imageRef('kube-router'), serviceCidr });
};

/** Removes what an earlier run wrote. */
export const removePolicy = async ({
  instance,
  kube,
}: Pick<Written, 'instance' | 'kube'>): Promise<readonly string[]> => {
  const { name, provider } = instance.record();
  const removed = await removePolicies(kube, identityOf(instance.record()));
  if (provider === 'minikube' && !isForeignCluster(instance)) await removeEngine(kube, name);
  await instance.change({ networkPolicy: undefined });
  return removed;
};
