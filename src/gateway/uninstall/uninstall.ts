import { UserError } from '../../lib/errors.ts';
import { type Kube, KubeError } from '../../lib/kube/client.ts';
import { gatewayClassKind } from '../../model/gateway-api.ts';
import type { InstanceIdentity } from '../../model/labels.ts';
import { networkPolicyKind } from '../../model/security/network-policy.ts';
import { taskKinds } from '../../model/task-objects.ts';
import { verifySameCluster } from '../foreign/snapshot.ts';
import { policyVersions } from '../install/admission-policies.ts';
import { admissionGroup } from '../spec.ts';
import { removeCRDs, restoreCRDs } from './crds.ts';
import { removeGateways } from './gateways.ts';
import { removeNamespaces } from './namespaces.ts';
import { type Kind, type Leftover, type RemovalContext, type RemovalOptions, removeKinds } from './objects.ts';
import { removePodSecurity } from './pod-security.ts';

/** Result of {@link removeGatewayObjects}, one line for each object. */
export type Removal = {
  readonly removed: readonly string[];
  readonly restored: readonly string[];
  readonly left: readonly Leftover[];
};

/** All other kinds of an installation, dependents before their dependencies. */
const installedKinds: readonly Kind[] = [
  networkPolicyKind,
  { apiVersion: 'projectcontour.io/v1alpha1', kind: 'ContourDeployment' },
  gatewayClassKind,
  ...policyVersions.flatMap((version) =>
    ['MutatingAdmissionPolicyBinding', 'MutatingAdmissionPolicy'].map((kind) => ({
      apiVersion: `${admissionGroup}/${version}`,
      kind,
    })),
  ),
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role' },
  { apiVersion: 'v1', kind: 'Secret' },
  { apiVersion: 'v1', kind: 'ServiceAccount' },
];

/**
 * Removes what an instance created in an attached cluster and nothing else, in an order in which each controller cleans up
 * after itself; restores CRDs. Safe to repeat. `left` lists what could not be removed, with the reason.
 * Throws UserError `cluster.other-cluster` if this is not the cluster of `original`, `cluster.refused` if the credentials
 * are insufficient, and `cluster.api` if no API server answers.
 */
export const removeGatewayObjects = async (
  kube: Kube,
  owner: InstanceIdentity,
  options: RemovalOptions,
): Promise<Removal> => {
  const removing: RemovalContext = { ...options, kube, owner, removed: [], restored: [], left: [] };
  try {
    await verifySameCluster(kube, options.original);
    // what killed runs of the proof left behind
    await removeKinds(removing, taskKinds);
    await removeGateways(removing);
    await removeKinds(removing, installedKinds);
    await removePodSecurity(removing);
    await removeNamespaces(removing);
    await removeCRDs(removing);
    await restoreCRDs(removing);
  } catch (error) {
    throw explainRemoval(error, owner.instance);
  }
  const { removed, restored, left } = removing;
  return { removed, restored, left };
};

/** Explains an error that stops the whole removal. */
export const explainRemoval = (error: unknown, instance: string): unknown => {
  if (error instanceof UserError && error.id === 'cluster.api') {
    return new UserError(error.message, {
      id: 'cluster.api',
      hint: `does the cluster run? If it no longer exists, forget it: taskgate down --force --name ${instance}`,
      cause: error,
    });
  }
  if (!(error instanceof KubeError)) return error;
  return new UserError(`the API server refuses to list the objects to be removed: ${error.message}`, {
    id: 'cluster.refused',
    hint: 'the credentials in the kubeconfig of the instance must be valid and those of an administrator',
    cause: error,
  });
};
