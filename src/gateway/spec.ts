import type { GatewaySettings } from '../instance/record.ts';
import type { KubeObject, ObjectRef, Selection } from '../lib/kube/types.ts';
import { type InstanceIdentity, labelsOf } from '../model/labels.ts';

/** The gateway that an instance is configured to have. */
export type GatewaySpec = GatewaySettings & InstanceIdentity;

/** Of kinds that an attached cluster's user need not have rights on. */
export const admissionGroup = 'admissionregistration.k8s.io';
/** Whether who may not read an object does without it, as it is only about admission. */
export const isOfAdmission = ({ apiVersion }: Pick<ObjectRef, 'apiVersion'>): boolean =>
  apiVersion.startsWith(`${admissionGroup}/`);

export const crdKind = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' } as const;
export const gatewaysCRDName = 'gateways.gateway.networking.k8s.io';

/** The same object with the labels of an instance added to its own. */
export const withLabels = <T extends KubeObject>(object: T, owner: InstanceIdentity): T => ({
  ...object,
  metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...labelsOf(owner) } },
});

/** Upstream's fixed names (contour v1.33.6, examples/gateway-provisioner/03-gateway-provisioner.yaml). */
export const provisioner = { namespace: 'projectcontour', name: 'contour-gateway-provisioner' } as const;
export const provisionerPods: Selection = {
  ...{ apiVersion: 'v1', kind: 'Pod', namespace: provisioner.namespace },
  labelSelector: `control-plane=${provisioner.name}`,
};
