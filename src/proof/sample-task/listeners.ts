import type { Kube } from '../../lib/kube/client.ts';
import { retryOnConflict } from '../../lib/kube/conflict.ts';
import type { Gateway } from '../../lib/kube/shapes.ts';
import { gatewayRef } from '../../model/gateway-api.ts';
import type { GatewayEndpoint, GatewayName } from '../../model/gateway-endpoint.ts';
import { portAnnotation, portsOf, taskListener, withoutListeners } from '../../model/task-listener.ts';
import { type ChosenPorts, choosePorts, type WantedPorts } from './ports.ts';

/** The Gateway with a listener and an annotation for each port, exactly as the master appends them. */
const withListeners = (gateway: Gateway, ports: readonly number[], allocationId: string): Gateway => ({
  ...gateway,
  metadata: {
    ...gateway.metadata,
    annotations: {
      ...gateway.metadata.annotations,
      ...Object.fromEntries(ports.map((port) => [portAnnotation(port), allocationId])),
    },
  },
  spec: {
    ...gateway.spec,
    listeners: [...gateway.spec.listeners, ...ports.map(taskListener)],
  },
});

/** Reads, changes and replaces the Gateway; retries after a conflict, as the master does. */
const changeGateway = (kube: Kube, gateway: GatewayName, change: (live: Gateway) => Gateway): Promise<void> =>
  retryOnConflict(async () => {
    const live = await kube.get<Gateway>(gatewayRef(gateway));
    const changed = change(live);
    if (changed !== live) await kube.update(changed);
  });

/**
 * Adds `count` listeners for an allocation to the live Gateway and returns their ports.
 * Throws a UserError `proof.no-free-port`, or KubeError for a refusal (404, 403, `Too many`, the fifth conflict).
 */
export const addListeners = async (
  kube: Kube,
  gateway: GatewayEndpoint,
  { allocationId, ...wish }: { readonly allocationId: string; readonly wanted: WantedPorts; readonly count: number },
): Promise<ChosenPorts> => {
  let chosen: ChosenPorts = { ports: [], notes: [] };
  await changeGateway(kube, gateway, (live) => {
    // an earlier try may have been stored, though it seemed to fail
    const bare = withoutListeners(
      live,
      portsOf(live, (id) => id === allocationId),
    );
    chosen = choosePorts(bare, gateway.portRange, wish);
    return withListeners(bare, chosen.ports, allocationId);
  });
  return chosen;
};

/** Removes the listeners and annotations of all allocations that `isSelected` accepts; returns their ports. */
export const removeListeners = async (
  kube: Kube,
  gateway: GatewayName,
  isSelected: (allocationId: string) => boolean,
): Promise<readonly number[]> => {
  let ports: readonly number[] = [];
  await changeGateway(kube, gateway, (live) => {
    ports = portsOf(live, isSelected);
    return ports.length > 0 ? withoutListeners(live, ports) : live;
  });
  return ports;
};
