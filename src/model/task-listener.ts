import type { Gateway } from '../lib/kube/shapes.ts';
import type { KubeObject } from '../lib/kube/types.ts';
import type { PortRange } from './gateway-endpoint.ts';

/** Facts about the listeners that Determined's master adds for tasks (master/internal/rm/kubernetesrm/gateway_service.go). */

export const listenerName = (port: number): string => `det-${port}`;

/** The number behind a prefix; undefined for what has another form. */
const numberBehind = (prefix: string, text: string): number | undefined => {
  const rest = text.startsWith(prefix) ? text.slice(prefix.length) : '';
  return /^\d+$/.test(rest) ? Number(rest) : undefined;
};

/** The port of a task listener's name; undefined for every other listener. */
export const portOfListener = (name: string): number | undefined => numberBehind('det-', name);

/** A task's listener as an entry of `spec.listeners`. */
export const taskListener = (port: number) => ({
  name: listenerName(port),
  port,
  protocol: 'TCP',
  allowedRoutes: { namespaces: { from: 'All' } },
});

const annotationPrefix = 'determined.ai/det-gateway-port-';

/** Key of the Gateway's annotation whose value is the allocation that holds the port. */
export const portAnnotation = (port: number): string => `${annotationPrefix}${port}`;

/** The port of such a key; undefined for every other annotation. */
export const portOfAnnotation = (key: string): number | undefined => numberBehind(annotationPrefix, key);

/** Allocations that hold a port of a Gateway, from its annotations. */
export const holdersOf = ({ metadata }: KubeObject): readonly string[] =>
  Object.entries(metadata.annotations ?? {})
    .filter(([key]) => portOfAnnotation(key) !== undefined)
    .map(([, allocationId]) => allocationId);

/** Ports whose annotation names an allocation that `isSelected` accepts. */
export const portsOf = (gateway: Gateway, isSelected: (allocationId: string) => boolean): readonly number[] =>
  Object.entries(gateway.metadata.annotations ?? {}).flatMap(([key, allocationId]) => {
    const port = portOfAnnotation(key);
    return port !== undefined && isSelected(allocationId) ? [port] : [];
  });

/** The Gateway without these ports' `det-` listeners and annotations; all others stay as they are. */
export const withoutListeners = (gateway: Gateway, ports: readonly number[]): Gateway => ({
  ...gateway,
  metadata: {
    ...gateway.metadata,
    annotations: Object.fromEntries(
      Object.entries(gateway.metadata.annotations ?? {}).filter(
        ([key]) => !ports.some((port) => key === portAnnotation(port)),
      ),
    ),
  },
  spec: {
    ...gateway.spec,
    listeners: gateway.spec.listeners.filter(({ name }) => !ports.some((port) => name === listenerName(port))),
  },
});

/** Listener ports whose container port lies in Linux's default ephemeral range 32768-60999. */
export const ephemeralOverlap: PortRange = { start: 24768, end: 52999 };

/** Kubernetes' default range for node ports. */
export const nodePorts: PortRange = { start: 30000, end: 32767 };

/** Ports of which Contour binds pairs, 1023 apart, to the same container port, since it skips privileged ports. */
export const pairedPorts = { start: 57536, end: 59581, apart: 1023 } as const;

/**
 * The port that Envoy binds for a listener: +8000, wrapped around, privileged ports skipped
 * (contour v1.33.6, internal/gatewayapi/listeners.go toContainerPort).
 */
export const containerPort = (listenerPort: number): number => {
  const shifted = listenerPort + 8000;
  const wrapped = shifted > 65535 ? shifted - 65535 : shifted;
  return wrapped <= 1023 ? wrapped + 1023 : wrapped;
};
