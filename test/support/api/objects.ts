import type { KubeObject } from '../../../src/lib/kube/types.ts';

type Body = Readonly<Record<string, unknown>>;

const object = (apiVersion: string, kind: string, body: Body = {}) => {
  const metadata = { name: 'one', namespace: 'default' };
  return { apiVersion, kind, metadata, ...body } as KubeObject;
};

const containers = [{ name: 'one', image: 'example.com/one' }];
const labels = { app: 'one' };
const podTemplate = { metadata: { labels }, spec: { containers } };
const selector = { matchLabels: labels };
const rbac = 'rbac.authorization.k8s.io';
const gatewayAPI = 'gateway.networking.k8s.io';

/** The least that the API server takes of each kind that taskgate or Determined's master writes, and some beside. */
export const leastObjects: readonly KubeObject[] = [
  ...['ConfigMap', 'Secret', 'ServiceAccount', 'Namespace'].map((kind) => object('v1', kind)),
  object('v1', 'Service', { spec: { ports: [{ port: 80 }], selector: labels } }),
  object('v1', 'Pod', { spec: { containers } }),
  object('v1', 'Event', { involvedObject: { namespace: 'default', name: 'one' }, reason: 'Seen' }),
  object(`${rbac}/v1`, 'Role', { rules: [] }),
  object(`${rbac}/v1`, 'RoleBinding', { roleRef: { apiGroup: rbac, kind: 'Role', name: 'one' } }),
  object(`${rbac}/v1`, 'ClusterRole', { rules: [] }),
  object(`${rbac}/v1`, 'ClusterRoleBinding', { roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'one' } }),
  object('coordination.k8s.io/v1', 'Lease', { spec: {} }),
  object('apps/v1', 'Deployment', { spec: { selector, template: podTemplate } }),
  object('apps/v1', 'DaemonSet', { spec: { selector, template: podTemplate } }),
  object('batch/v1', 'Job', { spec: { template: { spec: { containers, restartPolicy: 'Never' } } } }),
  object('discovery.k8s.io/v1', 'EndpointSlice', { addressType: 'IPv4', endpoints: [] }),
  object('networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: {} } }),
  object(`${gatewayAPI}/v1`, 'GatewayClass', { spec: { controllerName: 'example.com/one' } }),
  object(`${gatewayAPI}/v1`, 'Gateway', {
    spec: { gatewayClassName: 'one', listeners: [{ name: 'one', port: 1025, protocol: 'TCP' }] },
  }),
  object(`${gatewayAPI}/v1alpha2`, 'TCPRoute', { spec: { rules: [{ backendRefs: [{ name: 'one', port: 80 }] }] } }),
  object('projectcontour.io/v1alpha1', 'ContourDeployment', { spec: {} }),
];

/** The kinds of the contract, as the fake is told about them. */
export const kindsOfContract: readonly string[] = leastObjects.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`);

const clusterWide = ['Namespace', 'ClusterRole', 'ClusterRoleBinding', 'GatewayClass'];

/** The least object of a kind, in a namespace where it has one, with more in it. */
export const leastOf = (kind: string, namespace: string, name = 'one'): KubeObject => {
  const found = leastObjects.find((one) => one.kind === kind);
  if (!found) throw new Error(`there is no least ${kind}`);
  const metadata = clusterWide.includes(kind) ? { name: `${namespace}-${name}` } : { name, namespace };
  const about = kind === 'Event' ? { involvedObject: { namespace, name } } : {};
  return { ...found, ...about, metadata };
};
