import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { type FakeKube, type FakeKubeInput, fakeKube } from '../../fakes/kube.ts';

export const contourKinds = [
  'apiextensions.k8s.io/v1/CustomResourceDefinition',
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy',
  'admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy',
  'admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicyBinding',
  'apps/v1/Deployment',
  'gateway.networking.k8s.io/v1/GatewayClass',
  'gateway.networking.k8s.io/v1/Gateway',
  'projectcontour.io/v1alpha1/ContourDeployment',
  'v1/Event',
  'v1/Namespace',
  'v1/Node',
  'v1/Pod',
  'v1/Service',
  'v1/ServiceAccount',
];
const absentKinds = ['admissionregistration.k8s.io/v1/MutatingAdmissionPolicy'];

/** A status in which these conditions are true. */
export const holds = (...types: readonly string[]) => ({ conditions: types.map((type) => ({ type, status: 'True' })) });
const available = { ...holds('Available'), availableReplicas: 1 };
const ours = { namespace: 'projectcontour', labels: { app: 'envoy-tasks' } };
/** What the provisioner makes for the Gateway: Envoy's Service, Contour, and Envoy's pod. */
export const made = [
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'envoy-tasks', ...ours } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'contour-tasks', ...ours },
    status: available,
  },
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'envoy-1', ...ours }, status: holds('Ready') },
];

type Ingress = { readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { ip: string }[] } } };

/** Plays API server, provisioner and Contour. */
export const playContour = (
  object: KubeObject & Ingress & { readonly status?: unknown },
  { put, objects }: FakeKube,
): void => {
  if (object.kind === 'CustomResourceDefinition' && !object.status)
    put({ ...object, status: holds('Established') } as never);
  if (object.kind === 'Deployment' && !object.status) put({ ...object, status: available } as never);
  if (object.kind === 'GatewayClass' && !object.status) put({ ...object, status: holds('Accepted') } as never);
  if (object.kind === 'Gateway' && !object.status) {
    put({ ...object, status: holds('Accepted', 'Programmed') } as never);
    for (const one of made) put(one);
  }
  const [ingress] = object.status?.loadBalancer?.ingress ?? [];
  const gateway = objects().find(({ kind }) => kind === 'Gateway');
  if (ingress && gateway) {
    put({ ...gateway, status: { ...holds('Accepted', 'Programmed'), addresses: [{ value: ingress.ip }] } } as never);
  }
};

/** A cluster that takes Contour's manifest, and has a working Gateway for it at once. */
export const contourCluster = (input: FakeKubeInput = {}) =>
  fakeKube({ kinds: contourKinds, absentKinds, react: playContour, ...input });
