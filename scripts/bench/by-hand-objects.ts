import { sampleImage } from '../../src/commands/context.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';

/** The Gateway that somebody sets up by hand, as the documentation of the feature has it. */
export const handMade = { name: 'contour', namespace: 'projectcontour', listenerPort: 20_000 } as const;

const { name, namespace, listenerPort } = handMade;
const podPort = 8080;

/** GatewayClass and Gateway with the one listener that the first task needs. */
export const gatewayFile: readonly (KubeObject & { readonly spec: object })[] = [
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name },
    spec: { controllerName: 'projectcontour.io/gateway-controller' },
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace },
    spec: {
      gatewayClassName: name,
      listeners: [
        {
          name: `det-${listenerPort}`,
          port: listenerPort,
          protocol: 'TCP',
          allowedRoutes: { namespaces: { from: 'All' } },
        },
      ],
    },
  },
];

const metadata = { name: 'echo', namespace: 'default' };

/** A pod that answers, its Service and its TCPRoute. */
export const taskFile: readonly (KubeObject & { readonly spec: object })[] = [
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, labels: { app: 'echo' } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'echo',
          image: sampleImage,
          imagePullPolicy: 'IfNotPresent',
          command: ['/agnhost'],
          args: ['netexec', `--http-port=${podPort}`, '--udp-port=-1'],
        },
      ],
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { selector: { app: 'echo' }, ports: [{ port: podPort }] },
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1alpha2',
    kind: 'TCPRoute',
    metadata,
    spec: {
      parentRefs: [{ name, namespace, port: listenerPort, sectionName: `det-${listenerPort}` }],
      rules: [{ backendRefs: [{ kind: 'Service', name: metadata.name, port: podPort }] }],
    },
  },
];
