import type { GatewaySettings } from '../instance/record.ts';
import type { KubeObject, ObjectRef } from '../lib/kube/types.ts';

/** What the gateway of one instance should be. */
export type GatewaySpec = GatewaySettings & { readonly instance: string };

export const crdKind = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' } as const;
export const gatewayApiVersion = 'gateway.networking.k8s.io/v1';
export const gatewaysCRDName = 'gateways.gateway.networking.k8s.io';
export const tcpRoutesCRDName = 'tcproutes.gateway.networking.k8s.io';

export const instanceLabel = 'taskgate.dev/instance';

export const labelsOf = (instance: string): Readonly<Record<string, string>> => ({
  'app.kubernetes.io/managed-by': 'taskgate',
  [instanceLabel]: instance,
});

/** The same object with our labels added to its own. */
export const withLabels = <T extends KubeObject>(object: T, instance: string): T => ({
  ...object,
  metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...labelsOf(instance) } },
});

/** Names of what the provisioner makes for a Gateway (contour v1.33.6, internal/provisioner/model/names.go). */
export const contourName = ({ name }: GatewaySpec): string => `contour-${name}`;
export const envoyName = ({ name }: GatewaySpec): string => `envoy-${name}`;

type Place = Pick<GatewaySpec, 'name' | 'namespace'>;

export const gatewayRef = ({ name, namespace }: Place): ObjectRef => ({
  apiVersion: gatewayApiVersion,
  kind: 'Gateway',
  metadata: { name, namespace },
});

export const envoyServiceRef = (spec: GatewaySpec): ObjectRef => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: envoyName(spec), namespace: spec.namespace },
});
