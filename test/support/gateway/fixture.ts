import type { CRD } from '../../../src/gateway/install/listener-limit.ts';
import type { GatewaySpec } from '../../../src/gateway/spec.ts';
import { renderYaml } from '../../../src/lib/template.ts';

export const spec: GatewaySpec = {
  instance: 'dev',
  name: 'tasks',
  namespace: 'projectcontour',
  className: 'taskgate',
  listenerLimit: 213,
  portRange: { start: 20000, end: 20199 },
  seedPort: 19999,
};

export const messages = {
  tls: "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']",
  name: 'Listener name must be unique within the Gateway',
  combination: 'Combination of port, protocol and hostname must be unique for each listener',
} as const;

type GatewaysInput = {
  readonly limit?: number;
  readonly statusLimit?: number;
  readonly rules?: readonly string[];
  readonly bundle?: string;
  readonly channel?: string;
  readonly versions?: readonly string[];
};

/** A small stand-in for the CRD of Gateway API v1.3.0: what we read and change of it, and a little around. */
export const gatewaysCRD = (input: GatewaysInput = {}): CRD => {
  const { limit = 64, statusLimit = limit, bundle = 'v1.3.0', channel = 'experimental' } = input;
  const { versions = ['v1', 'v1beta1'], rules = Object.values(messages) } = input;
  const listeners = { type: 'array', maxItems: limit, minItems: 1, 'x-kubernetes-list-map-keys': ['name'] };
  const validations = rules.map((message) => ({ message, rule: 'self.all(l, true)' }));
  const version = (name: string) => ({
    name,
    served: true,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: {
          spec: {
            required: ['listeners'],
            properties: {
              gatewayClassName: { type: 'string' },
              listeners: { ...listeners, 'x-kubernetes-validations': validations },
            },
          },
          status: { default: {}, properties: { listeners: { maxItems: statusLimit, type: 'array' } } },
        },
      },
    },
  });
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: 'gateways.gateway.networking.k8s.io',
      annotations: {
        'gateway.networking.k8s.io/bundle-version': bundle,
        'gateway.networking.k8s.io/channel': channel,
      },
    },
    spec: { group: 'gateway.networking.k8s.io', versions: versions.map(version) },
  };
};

export const tcpRoutesCRD = (versions: readonly string[] = ['v1alpha2']): CRD => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'tcproutes.gateway.networking.k8s.io' },
  spec: { group: 'gateway.networking.k8s.io', versions: versions.map((name) => ({ name, served: true })) },
});

const usualVersions = {
  gatewayclasses: ['v1'],
  httproutes: ['v1'],
  grpcroutes: ['v1'],
  referencegrants: ['v1beta1'],
  backendtlspolicies: ['v1alpha3'],
  tlsroutes: ['v1alpha2'],
  tcproutes: ['v1alpha2'],
} as const;

/** The CRDs beside the Gateways', all that Contour watches; `changes` has other versions, or none. */
export const otherCRDs = (
  changes: Partial<Record<keyof typeof usualVersions, readonly string[]>> = {},
  { bundle = 'v1.3.0', channel = 'experimental' } = {},
): readonly CRD[] =>
  Object.entries({ ...usualVersions, ...changes })
    .filter(([, versions]) => versions.length > 0)
    .map(([plural, versions]) => ({
      ...tcpRoutesCRD(versions),
      metadata: {
        name: `${plural}.gateway.networking.k8s.io`,
        annotations: {
          'gateway.networking.k8s.io/bundle-version': bundle,
          'gateway.networking.k8s.io/channel': channel,
        },
      },
    }));

export const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'projectcontour' } };

export const provisioner = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'contour-gateway-provisioner', namespace: 'projectcontour', labels: { app: 'provisioner' } },
  spec: {
    template: {
      spec: { containers: [{ name: 'provisioner', args: ['gateway-provisioner', '--enable-leader-election'] }] },
    },
  },
};

const contourCRD = {
  ...tcpRoutesCRD(['v1alpha1']),
  metadata: { name: 'contourdeployments.projectcontour.io' },
  spec: { group: 'projectcontour.io', versions: [{ name: 'v1alpha1', served: true }] },
};

export const manifestText = [
  renderYaml(contourCRD),
  '# comments only\n',
  renderYaml({ ...gatewaysCRD(), status: { conditions: null } }),
  renderYaml(tcpRoutesCRD()),
  renderYaml(namespace),
  renderYaml({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'provisioner', namespace: 'projectcontour' },
  }),
  renderYaml(provisioner),
].join('---\n');
