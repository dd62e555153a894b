import type { Gateway } from '../../../src/lib/kube/shapes.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';

/** Kinds that an installation looks for, reads or writes. */
export const installKinds = [
  'admissionregistration.k8s.io/v1/MutatingAdmissionPolicy',
  'admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding',
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy',
  'admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy',
  'admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicyBinding',
  'apiextensions.k8s.io/v1/CustomResourceDefinition',
  'apps/v1/Deployment',
  'gateway.networking.k8s.io/v1/Gateway',
  'gateway.networking.k8s.io/v1/GatewayClass',
  'projectcontour.io/v1alpha1/ContourDeployment',
  'v1/Namespace',
  'v1/Service',
  'v1/ServiceAccount',
];

export const kubeSystem = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid: 'uid-1' } };

export const foreignGateway = (name: string, namespace = 'projectcontour'): Gateway => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name, namespace },
  spec: { gatewayClassName: 'theirs', listeners: [{ name: 'web', port: 80, protocol: 'HTTP' }] },
});

/** The object with the label of a taskgate instance. */
export const labelled = <T extends KubeObject>(object: T, instance: string): T => ({
  ...object,
  metadata: { ...object.metadata, labels: { ...object.metadata.labels, 'taskgate.dev/instance': instance } },
});

/** A Deployment that runs Contour, as the provisioner makes it for a Gateway. */
export const contourDeployment = (gateway: string, namespace = 'projectcontour'): KubeObject => {
  const deployment: KubeObject & { readonly spec: unknown } = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: `contour-${gateway}`,
      namespace,
      labels: { 'projectcontour.io/owning-gateway-name': gateway },
    },
    spec: { template: { spec: { containers: [{ image: 'ghcr.io/projectcontour/contour:v1.33.6' }] } } },
  };
  return deployment;
};
