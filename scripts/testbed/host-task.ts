import type { Kube } from '../../src/lib/kube/client.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';
import type { GatewayEndpoint } from '../../src/model/gateway-endpoint.ts';
import type { HostPort } from '../../src/proof/probe/dial.ts';
import { addListeners, removeListeners } from '../../src/proof/sample-task/listeners.ts';
import { makeRoute } from '../../src/proof/sample-task/manifests.ts';
import { nameSampleTask } from '../../src/proof/sample-task/task.ts';

/** A Service and a TCPRoute as for a task, but the endpoint is a port of this host. */
const objectsOf = (gateway: GatewayEndpoint, listenerPort: number, host: HostPort): readonly KubeObject[] => {
  const task = nameSampleTask({ instance: 'host' }, 'default');
  const name = `forward-${listenerPort}`;
  const metadata = { namespace: task.namespace, name };
  const ports = [{ name: 'tcp', port: host.port, protocol: 'TCP' }];
  const service = { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports } };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports,
    endpoints: [{ addresses: [host.host], conditions: { ready: true } }],
  };
  const route = makeRoute(task, { protocol: 'tcp', podPort: host.port, listenerPort, name }, gateway);
  return [service, slice, route];
};

export type HostTask = {
  readonly ports: readonly number[];
  /** Takes the listeners and what belongs to them away. */
  readonly remove: () => Promise<void>;
};

/** Adds listeners whose connections end at a port of this host; `address` is the host as pods see it. */
export const exposeHost = async (
  kube: Kube,
  gateway: GatewayEndpoint,
  { host, count }: { readonly host: HostPort; readonly count: number },
): Promise<HostTask> => {
  const allocationId = `forward-${host.port}-${Date.now()}`;
  const { ports } = await addListeners(kube, gateway, { allocationId, wanted: 'lowest', count });
  const objects = ports.flatMap((port) => objectsOf(gateway, port, host));
  for (const object of objects) await kube.create(object);
  return {
    ports,
    remove: async () => {
      await removeListeners(kube, gateway, (id) => id === allocationId);
      for (const object of objects) await kube.remove(object);
    },
  };
};
