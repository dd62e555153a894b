import type { OriginalState } from '../../../src/gateway/foreign/snapshot.ts';
import { admissionPolicies } from '../../../src/gateway/install/admission-policies.ts';
import type { CRD } from '../../../src/gateway/install/listener-limit.ts';
import { type Removal, removeGatewayObjects } from '../../../src/gateway/uninstall/uninstall.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import type { InstanceIdentity } from '../../../src/model/labels.ts';
import { type FakeKube, type FakeKubeInput, fakeKube } from '../../fakes/kube.ts';
import { gatewaysCRD, namespace, provisioner, spec } from './fixture.ts';
import { foreignGateway, installKinds, kubeSystem, labelled } from './foreign.ts';

/** Kinds that a removal looks at beyond those of an installation. */
const removalKinds = [
  'batch/v1/Job',
  'networking.k8s.io/v1/NetworkPolicy',
  'gateway.networking.k8s.io/v1alpha2/TCPRoute',
  'v1/Service',
  'v1/ConfigMap',
  'projectcontour.io/v1alpha1/ContourDeployment',
  'gateway.networking.k8s.io/v1/GatewayClass',
  'admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding',
  'admissionregistration.k8s.io/v1/MutatingAdmissionPolicy',
  'admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicyBinding',
  'admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy',
  'apps/v1/Deployment',
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding',
  'rbac.authorization.k8s.io/v1/RoleBinding',
  'rbac.authorization.k8s.io/v1/ClusterRole',
  'rbac.authorization.k8s.io/v1/Role',
  'v1/ServiceAccount',
  'apps/v1/DaemonSet',
  'coordination.k8s.io/v1/Lease',
  'projectcontour.io/v1alpha1/ContourConfiguration',
  'v1/Secret',
];

const resource = (kind: string, more: object = {}) => ({
  name: `${kind.toLowerCase()}s`,
  kind,
  namespaced: true,
  verbs: ['list', 'delete'],
  ...more,
});

/** What the API server says about its kinds. */
const apiGroups: Readonly<Record<string, string>> = {
  '/apis': JSON.stringify({ groups: [{ preferredVersion: { groupVersion: 'apps/v1' } }] }),
  '/api/v1': JSON.stringify({
    groupVersion: 'v1',
    resources: [
      resource('ConfigMap'),
      resource('ServiceAccount'),
      resource('Namespace', { namespaced: false }),
      resource('Event'),
      resource('Pod', { name: 'pods/log' }),
      resource('Binding', { verbs: ['create'] }),
    ],
  }),
  '/apis/apps/v1': JSON.stringify({ groupVersion: 'apps/v1', resources: [resource('Deployment')] }),
};

const object = (apiVersion: string, kind: string, name: string, at?: string): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, ...(at && { namespace: at }) },
});

const rbac = 'rbac.authorization.k8s.io/v1';
const { namespace: at, name } = spec;

const crdOf = (one: CRD, kind: string): KubeObject =>
  ({ ...one, spec: { ...one.spec, names: { kind } } }) as KubeObject;

/** One object of each kind that an instance makes, in no order. */
export const installation = (instance: string): readonly KubeObject[] =>
  [
    crdOf(gatewaysCRD(), 'Gateway'),
    namespace,
    provisioner,
    object('v1', 'ServiceAccount', 'provisioner', at),
    object(rbac, 'ClusterRole', 'provisioner'),
    object(rbac, 'ClusterRoleBinding', 'provisioner'),
    object(rbac, 'Role', 'provisioner', at),
    object(rbac, 'RoleBinding', 'provisioner', at),
    object('projectcontour.io/v1alpha1', 'ContourDeployment', name, at),
    object('gateway.networking.k8s.io/v1', 'GatewayClass', spec.className),
    foreignGateway(name, at),
    ...admissionPolicies(spec, 'v1beta1'),
    object('networking.k8s.io/v1', 'NetworkPolicy', 'taskgate-dev', 'default'),
    object('batch/v1', 'Job', 'det-taskgate-1', 'default'),
    object('v1', 'Service', 'det-taskgate-1-0', 'default'),
    object('v1', 'ConfigMap', 'det-taskgate-1', 'default'),
    object('gateway.networking.k8s.io/v1alpha2', 'TCPRoute', 'det-taskgate-1-0', 'default'),
  ].map((one) => labelled(one, instance));

export const emptyOriginal: OriginalState = { cluster: 'uid-1', crds: [], existed: [] };

/** What the API server of {@link fakeCluster} serves. */
export const servedKinds: readonly string[] = [...installKinds, ...removalKinds];

/** A cluster whose API server serves all that an installation or its removal asks for. */
export const fakeCluster = (objects: readonly KubeObject[], input: FakeKubeInput = {}): FakeKube =>
  fakeKube({
    objects: [kubeSystem, ...objects],
    kinds: servedKinds,
    texts: apiGroups,
    ...input,
  });

/** Removes instance `dev` from a fake cluster. */
export const removeDev = (
  { kube }: FakeKube,
  original: OriginalState = emptyOriginal,
  owner: InstanceIdentity = { instance: 'dev' },
): Promise<Removal> => removeGatewayObjects(kube, owner, { original, timeoutMs: 300 });

/** The objects with the id of an instance, too. */
export const marked = (objects: readonly KubeObject[], instanceId: string): readonly KubeObject[] =>
  objects.map((object) => ({
    ...object,
    metadata: { ...object.metadata, labels: { ...object.metadata.labels, 'taskgate.dev/instance-id': instanceId } },
  }));
