import { isNotFound, type Kube, KubeError } from '../../lib/kube/client.ts';
import type { Gateway, KubeEvent, Pod, TCPRoute } from '../../lib/kube/shapes.ts';
import type { KubeObject, ObjectRef, Selection } from '../../lib/kube/types.ts';
import { envoyPods, envoyServiceRef } from '../../model/contour-names.ts';
import { gatewayRef, tcpRouteKind } from '../../model/gateway-api.ts';
import type { GatewayName } from '../../model/gateway-endpoint.ts';
import { containerPort } from '../../model/task-listener.ts';
import { taskPods } from '../../model/task-objects.ts';
import { type DialResult, dialHttp, dialTcp } from '../probe/dial.ts';
import type { ExposedTask, TaskPort } from '../sample-task/task.ts';
import type { EndpointSlice, Observed, PathView, PortView, Service } from './path-view.ts';

const dialTimeoutMs = 700;

const read = async <T extends KubeObject>(kube: Kube, ref: ObjectRef): Promise<Observed<T>> => {
  try {
    return await kube.get<T>(ref);
  } catch (error) {
    if (isNotFound(error)) return 'absent';
    if (error instanceof KubeError) return 'unknown';
    throw error;
  }
};

const readAll = async <T extends KubeObject>(kube: Kube, selection: Selection): Promise<readonly T[]> => {
  try {
    return await kube.list<T>(selection);
  } catch (error) {
    if (error instanceof KubeError) return [];
    throw error;
  }
};

const dialEnvoy = async (
  pods: readonly Pod[],
  { protocol, listenerPort }: Pick<TaskPort, 'protocol' | 'listenerPort'>,
): Promise<DialResult | undefined> => {
  const [host] = pods.flatMap(({ status }) => status?.podIP ?? []);
  if (host === undefined) return undefined;
  const target = { host, port: containerPort(listenerPort) };
  return protocol === 'http' ? dialHttp(target, dialTimeoutMs, '/echo?msg=direct') : dialTcp(target, dialTimeoutMs);
};

const readEvents = async (kube: Kube, { namespace, jobName }: ExposedTask): Promise<readonly KubeEvent[]> => {
  const events = await readAll<KubeEvent>(kube, { apiVersion: 'v1', kind: 'Event', namespace });
  return events.filter(({ involvedObject }) => involvedObject?.name?.startsWith(jobName));
};

const inspectPort = async (
  kube: Kube,
  { namespace, name, ...exposure }: ExposedTask & TaskPort,
  pods: Promise<readonly Pod[]>,
): Promise<PortView> => {
  const metadata = { name, namespace };
  const [route, service, slices, envoy] = await Promise.all([
    read<TCPRoute>(kube, { ...tcpRouteKind, metadata }),
    read<Service>(kube, { apiVersion: 'v1', kind: 'Service', metadata }),
    readAll<EndpointSlice>(kube, {
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace },
      labelSelector: `kubernetes.io/service-name=${name}`,
    }),
    pods.then((seen) => dialEnvoy(seen, exposure)),
  ]);
  return { route, service, slices, envoy };
};

export type InspectOptions = {
  readonly gateway: GatewayName;
  /** Also read events and dial Envoy past kube-proxy; only a broken path needs that. */
  readonly diagnose: boolean;
};

/** Reads every object of an exposed task's path concurrently. What may not be read is `unknown`. */
export const inspectPath = async (
  kube: Kube,
  task: ExposedTask,
  { gateway, diagnose }: InspectOptions,
): Promise<PathView> => {
  const envoys = readAll<Pod>(kube, envoyPods(gateway));
  const dialable = diagnose ? envoys : Promise.resolve([]);
  const [seenGateway, envoyService, seenEnvoys, pods, events, byPort] = await Promise.all([
    read<Gateway>(kube, gatewayRef(gateway)),
    read<Service>(kube, envoyServiceRef(gateway)),
    envoys,
    readAll<Pod>(kube, taskPods(task)),
    diagnose ? readEvents(kube, task) : [],
    Promise.all(
      task.exposures.map(
        async (exposure) =>
          [exposure.listenerPort, await inspectPort(kube, { ...task, ...exposure }, dialable)] as const,
      ),
    ),
  ]);
  return { gateway: seenGateway, envoyService, envoyPods: seenEnvoys, pods, events, ports: new Map(byPort) };
};
