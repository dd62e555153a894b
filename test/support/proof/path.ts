import type { Pod } from '../../../src/lib/kube/shapes.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { gatewayRef } from '../../../src/model/gateway-api.ts';
import type { BrokenPath } from '../../../src/proof/diagnosis/rule.ts';
import type { ExposedTask } from '../../../src/proof/sample-task/task.ts';
import { nameSampleTask } from '../../../src/proof/sample-task/task.ts';
import { gateway } from './local-path.ts';

export const task = nameSampleTask({ instance: 'dev' }, 'default', '0a1b2c3d-157e-4446-9369-eeb241baf27a');
export const name = `${task.jobName}-0`;
const exposure = { protocol: 'http', podPort: 8080, listenerPort: 20000, name } as const;
export const exposed: ExposedTask = { ...task, exposures: [exposure], notes: [] };

export const condition = (type: string, status: string, reason = 'Why', message = 'because') => ({
  type,
  status,
  reason,
  message,
});

export const readyPod = (podName: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: podName, namespace: 'default', labels: { determined: task.allocationId } },
  status: { phase: 'Running', podIP: '10.0.0.9', conditions: [condition('Ready', 'True')] },
});

export const liveGateway = {
  ...gatewayRef(gateway),
  spec: { listeners: [{ name: 'det-20000', port: 20000 }] },
  status: { addresses: [{ value: gateway.address }], conditions: [condition('Programmed', 'True')] },
};

export const object = <T extends object>(apiVersion: string, kind: string, rest: T): KubeObject & T => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'default' },
  ...rest,
});

export const routeWith = (...conditions: readonly ReturnType<typeof condition>[]) =>
  object('gateway.networking.k8s.io/v1alpha2', 'TCPRoute', { status: { parents: [{ conditions }] } });

export const slicesWith = (...ready: readonly boolean[]) => [
  object('discovery.k8s.io/v1', 'EndpointSlice', {
    endpoints: ready.map((one) => ({ addresses: ['10.0.0.9'], conditions: { ready: one } })),
  }),
];

/** A path on which nothing is wrong but that the port refuses; tests break one thing in it. */
export const refusedPath: BrokenPath = {
  exposure,
  gateway,
  outcome: 'refused',
  seen: 'connect ECONNREFUSED',
  view: {
    gateway: liveGateway,
    envoyService: object('v1', 'Service', { spec: { ports: [{ port: 20000 }] } }),
    envoyPods: [readyPod('envoy-1')],
    pods: [readyPod('sample-1')],
    events: [],
    ports: new Map(),
  },
  port: {
    route: routeWith(condition('Accepted', 'True')),
    service: object('v1', 'Service', {}),
    slices: slicesWith(true),
    envoy: { outcome: 'answered', connectMs: 1, latencyMs: 1, answer: 'direct' },
  },
};
