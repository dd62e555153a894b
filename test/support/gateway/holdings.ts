import type { TaskPlace } from '../../../src/gateway/leaks/holdings.ts';
import type { Gateway } from '../../../src/lib/kube/shapes.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import type { Job } from '../../../src/model/task-objects.ts';
import { clusterId, makeCommandConfigMap, makeCommandJob, makeCommandPath } from '../../fakes/determined/shapes.ts';

/** Where a task of these tests has its objects. */
export const place: TaskPlace = { gateway: { name: 'contour', namespace: 'projectcontour' }, namespace: 'default' };

export const longAgo = '2026-11-24T10:00:00Z';

/** The objects of one task as a real master was seen to make them, one for each port. */
export const taskOf = (
  id: string,
  ports: readonly number[],
  { namespace, gateway, createdAt = longAgo }: Partial<TaskPlace> & { readonly createdAt?: string } = {},
) => {
  const task = {
    ...{ id, allocationId: `${id}.1`, jobName: `det-${clusterId.slice(0, 8)}-cmd-${id}` },
    ...{ namespace: namespace ?? 'default', podPorts: ports.map((_, index) => 8000 + index), nonce: 'n' },
  };
  const stamp = <T extends KubeObject>(object: T): T => ({
    ...object,
    metadata: { ...object.metadata, uid: `${object.kind}-${object.metadata.name}`, creationTimestamp: createdAt },
  });
  const paths = ports.map((listenerPort, index) =>
    makeCommandPath(task, { index, podPort: 8000 + index, listenerPort }, gateway ?? place.gateway),
  );
  const options = {
    ...{ image: 'agnhost', hasPriority: false },
    master: { scheme: 'http', host: '10.0.0.1', port: 8080 } as const,
  };
  return {
    allocationId: task.allocationId,
    job: stamp(makeCommandJob(task, options)) as Job,
    configMap: stamp(makeCommandConfigMap(task)) as KubeObject,
    services: paths.map(([service]) => stamp(service) as KubeObject),
    routes: paths.map(([, route]) => stamp(route)),
    pod: {
      ...{ apiVersion: 'v1', kind: 'Pod', status: { phase: 'Running' } },
      metadata: {
        ...{ name: `${task.jobName}-x`, namespace: task.namespace },
        labels: { determined: task.allocationId },
      },
    },
  };
};

export type TaskObjects = ReturnType<typeof taskOf>;

/** The Job as its controller leaves it at its end. */
export const endedJob = (job: Job, at: string, type: 'Complete' | 'Failed' = 'Failed'): Job => ({
  ...job,
  status: { conditions: [{ type, status: 'True', lastTransitionTime: at }] },
});

/** A Gateway with the seed and, for each port, the listener and the annotation of its allocation. */
export const gatewayWith = (held: Readonly<Record<number, string>>, without: readonly number[] = []): Gateway => ({
  ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway' },
  metadata: {
    ...place.gateway,
    annotations: {
      'example.com/kept': 'yes',
      ...Object.fromEntries(Object.entries(held).map(([port, id]) => [`determined.ai/det-gateway-port-${port}`, id])),
    },
  },
  spec: {
    gatewayClassName: 'contour',
    listeners: [
      { name: 'taskgate-seed', port: 19999, protocol: 'TCP' },
      ...Object.keys(held)
        .map(Number)
        .filter((port) => !without.includes(port))
        .map((port) => ({ name: `det-${port}`, port, protocol: 'TCP' })),
    ],
  },
});

/** What a fake cluster serves of what is looked at. */
export const kindsOfTasks = [
  ...['v1/ConfigMap', 'v1/Service', 'v1/Pod', 'batch/v1/Job', 'scheduling.k8s.io/v1/PriorityClass'],
  ...['gateway.networking.k8s.io/v1alpha2/TCPRoute', 'gateway.networking.k8s.io/v1/Gateway'],
];

/** All that is left of a task but for its Job and pod. */
export const leftOf = ({ configMap, services, routes }: TaskObjects): readonly KubeObject[] => [
  ...[configMap, ...services],
  ...routes,
];
