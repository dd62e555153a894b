import { UserError } from '../../lib/errors.ts';
import { listServed } from '../../lib/kube/list.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import { waitUntil } from '../../lib/wait.ts';
import { ownerLabel } from '../../model/contour-names.ts';
import { gatewayKind } from '../../model/gateway-api.ts';
import { together } from '../ready/readiness.ts';
import { type Kind, listCreated, type RemovalContext, removeObject } from './objects.ts';

/** What the provisioner removes first when its Gateway is deleted. */
const workloads: readonly Kind[] = [
  { apiVersion: 'v1', kind: 'Service' },
  { apiVersion: 'apps/v1', kind: 'DaemonSet' },
  { apiVersion: 'apps/v1', kind: 'Deployment' },
];

/** Everything that the provisioner and Contour create for a Gateway (contour v1.33.6, internal/provisioner). */
const companions: readonly Kind[] = [
  ...workloads,
  { apiVersion: 'projectcontour.io/v1alpha1', kind: 'ContourConfiguration' },
  { apiVersion: 'v1', kind: 'Secret' },
  { apiVersion: 'v1', kind: 'ServiceAccount' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role' },
];

const clusterCompanions: readonly Kind[] = [
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' },
];

/** The provisioner needs a second or two; if it does not run, its objects are removed here. */
const longestWaitMs = 30_000;
const notCleaned = 'gateway.not-cleaned';

const areGone = (objects: readonly KubeObject[]): true | string =>
  objects.length === 0 || `${objects.map(({ metadata }) => metadata.name).join(', ')} still exists`;

/** Waits for the provisioner to clean up; reports it if it did not in time. */
const waitForProvisioner = async (
  removing: RemovalContext,
  { metadata: { namespace = '', name } }: KubeObject,
): Promise<void> => {
  const { kube, timeoutMs, report } = removing;
  try {
    await together(removing.signal, (signal) =>
      workloads.map((kind) => {
        const selection = { ...kind, labelSelector: `${ownerLabel}=${name}`, namespace };
        return waitUntil(`Removal of ${kind.kind}`, (until) => kube.watch(selection, until), areGone, {
          timeoutMs: Math.min(timeoutMs, longestWaitMs),
          id: notCleaned,
          signal,
        });
      }),
    );
  } catch (error) {
    if (!(error instanceof UserError) || error.id !== notCleaned) throw error;
    report?.(`${error.message}; removing what the provisioner left of Gateway ${name}`);
  }
};

/** Objects of a Gateway have neither finalizers nor owners: no controller removes what the provisioner left. */
const removeCompanions = async (removing: RemovalContext, { metadata }: KubeObject): Promise<void> => {
  const { kube } = removing;
  const { name, namespace = '' } = metadata;
  const labelSelector = `${ownerLabel}=${name}`;
  const inside = await Promise.all(companions.map((kind) => listServed(kube, { ...kind, namespace, labelSelector })));
  const outside = await Promise.all(clusterCompanions.map((kind) => listServed(kube, { ...kind, labelSelector })));
  const own = outside.flat().filter((object) => object.metadata.name === `contour-${namespace}-${name}`);
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: `leader-elect-${name}`, namespace },
  };
  await Promise.all([...inside.flat(), ...own, lease].map((object) => removeObject(removing, object)));
};

/** Removes the Gateways that this instance created; Contour's provisioner then removes what it created for them. */
export const removeGateways = async (removing: RemovalContext): Promise<void> => {
  for (const gateway of await listCreated(removing, gatewayKind)) {
    await removeObject(removing, gateway);
    await waitForProvisioner(removing, gateway);
    await removeCompanions(removing, gateway);
  }
};
