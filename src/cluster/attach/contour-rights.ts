// Tested in test/api/attach-rights.test.ts
import { gatewayGroup } from '../../model/gateway-api.ts';

/** Verbs on resources of one API group. */
export type Right = {
  readonly group: string;
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
};

const look = ['get', 'list', 'watch'] as const;
const run = [...look, 'create', 'update', 'delete'] as const;
const report = ['get', 'create', 'update'] as const;

/**
 * What the roles of Contour's provisioner allow (contour v1.33.6, examples/gateway-provisioner). Kubernetes lets a user write such
 * a role only with all of these rights, or with `escalate` and `bind` (RBAC's privilege escalation prevention).
 */
export const contourRights: readonly Right[] = [
  { group: '', resources: ['configmaps', 'namespaces'], verbs: look },
  { group: '', resources: ['events'], verbs: report },
  { group: '', resources: ['secrets', 'serviceaccounts', 'services'], verbs: run },
  { group: 'apiextensions.k8s.io', resources: ['customresourcedefinitions'], verbs: look },
  { group: 'apps', resources: ['daemonsets', 'deployments'], verbs: run },
  { group: 'coordination.k8s.io', resources: ['leases'], verbs: report },
  { group: 'discovery.k8s.io', resources: ['endpointslices'], verbs: look },
  {
    group: gatewayGroup,
    resources: [
      ...['backendtlspolicies', 'gatewayclasses', 'gateways', 'grpcroutes', 'httproutes'],
      ...['referencegrants', 'tcproutes', 'tlsroutes'],
    ],
    verbs: look,
  },
  {
    group: gatewayGroup,
    resources: [
      ...['backendtlspolicies/status', 'gatewayclasses/status', 'gateways/status', 'grpcroutes/status'],
      ...['httproutes/status', 'tcproutes/status', 'tlsroutes/status'],
    ],
    verbs: ['update'],
  },
  { group: 'networking.k8s.io', resources: ['ingresses'], verbs: look },
  { group: 'networking.k8s.io', resources: ['ingresses/status'], verbs: report },
  { group: 'projectcontour.io', resources: ['contourconfigurations'], verbs: run },
  {
    group: 'projectcontour.io',
    resources: ['contourconfigurations/status', 'extensionservices/status', 'httpproxies/status'],
    verbs: report,
  },
  {
    group: 'projectcontour.io',
    resources: ['contourdeployments', 'extensionservices', 'httpproxies', 'tlscertificatedelegations'],
    verbs: look,
  },
  {
    group: 'rbac.authorization.k8s.io',
    resources: ['clusterrolebindings', 'clusterroles', 'rolebindings', 'roles'],
    verbs: run,
  },
];

/** Lets a user write and bind roles with rights of which it has none. */
export const escalation: Right = {
  group: 'rbac.authorization.k8s.io',
  resources: ['clusterroles', 'roles'],
  verbs: ['escalate', 'bind'],
};
