import { isNotFound, type Kube, KubeError } from '../../lib/kube/client.ts';
import type { KubeObject, ObjectRef, Selection } from '../../lib/kube/types.ts';
import type { GatewayName } from '../../model/gateway-endpoint.ts';
import { type Dialed, dialHttp, dialTcp } from '../probe/dial.ts';
import { type Gateway, gatewayRef } from '../probe/gateway.ts';
import type { ExposedTask, Exposure } from '../sample-task/task.ts';
import type { EndpointSlice, PathView, Pod, PodEvent, PortView, Route, Seen, Service } from './path-view.ts';

const dialTimeoutMs = 700;

/** The port that Envoy opens for a listener: 8000 above, wrapped and kept off 1-1023, as Contour's `toContainerPort`. */
export const envoyPortOf = (listenerPort: number): number => {
  const shifted = listenerPort + 8000;
  const wrapped = shifted > 65535 ? shifted - 65535 : shifted;
  return wrapped <= 1023 ? wrapped + 1023 : wrapped;
};

const see = async <T extends KubeObject>(kube: Kube, ref: ObjectRef): Promise<Seen<T>> => {
  try {
    return await kube.get<T>(ref);
  } catch (error) {
    if (isNotFound(error)) return 'gone';
    if (error instanceof KubeError) return 'unknown';
    throw error;
  }
};

const seeAll = async <T extends KubeObject>(kube: Kube, selection: Selection): Promise<readonly T[]> => {
  try {
    return await kube.list<T>(selection);
  } catch (error) {
    if (error instanceof KubeError) return [];
    throw error;
  }
};

const dialEnvoy = async (
  pods: readonly Pod[],
  { protocol, listenerPort }: Pick<Exposure, 'protocol' | 'listenerPort'>,
): Promise<Dialed | undefined> => {
  const host = pods.find(({ status }) => status?.podIP)?.status?.podIP;
  if (!host) return undefined;
  const target = { host, port: envoyPortOf(listenerPort) };
  return protocol === 'http' ? dialHttp(target, dialTimeoutMs, '/echo?msg=direct') : dialTcp(target, dialTimeoutMs);
};

const podsLabelled = (kube: Kube, namespace: string, labelSelector: string): Promise<readonly Pod[]> =>
  seeAll<Pod>(kube, { apiVersion: 'v1', kind: 'Pod', namespace, labelSelector });

const seeEvents = async (kube: Kube, { namespace, jobName }: ExposedTask): Promise<readonly PodEvent[]> => {
  const events = await seeAll<PodEvent>(kube, { apiVersion: 'v1', kind: 'Event', namespace });
  return events.filter(({ involvedObject }) => involvedObject?.name?.startsWith(jobName));
};

const lookAtPort = async (
  kube: Kube,
  { namespace, name, ...exposure }: ExposedTask & Exposure,
  envoyPods: Promise<readonly Pod[]>,
): Promise<PortView> => {
  const metadata = { name, namespace };
  const [route, service, slices, envoy] = await Promise.all([
    see<Route>(kube, { apiVersion: 'gateway.networking.k8s.io/v1alpha2', kind: 'TCPRoute', metadata }),
    see<Service>(kube, { apiVersion: 'v1', kind: 'Service', metadata }),
    seeAll<EndpointSlice>(kube, {
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace },
      labelSelector: `kubernetes.io/service-name=${name}`,
    }),
    envoyPods.then((pods) => dialEnvoy(pods, exposure)),
  ]);
  return { route, service, slices, envoy };
};

export type LookOptions = {
  readonly gateway: GatewayName;
  /** Also read events and dial Envoy past kube-proxy: only a broken path needs that. */
  readonly diagnose: boolean;
};

/** Looks at every object of an exposed task's path, all at once. What may not be read stays unknown. */
export const lookAtPath = async (
  kube: Kube,
  task: ExposedTask,
  { gateway, diagnose }: LookOptions,
): Promise<PathView> => {
  const envoyName = { namespace: gateway.namespace, name: `envoy-${gateway.name}` };
  const envoyPods = podsLabelled(kube, gateway.namespace, `app=${envoyName.name}`);
  const dialable = diagnose ? envoyPods : Promise.resolve([]);
  const [seenGateway, envoyService, pods, events, ports] = await Promise.all([
    see<Gateway>(kube, gatewayRef(gateway)),
    see<Service>(kube, { apiVersion: 'v1', kind: 'Service', metadata: envoyName }),
    podsLabelled(kube, task.namespace, `determined=${task.allocationId}`),
    diagnose ? seeEvents(kube, task) : [],
    Promise.all(task.exposures.map((exposure) => lookAtPort(kube, { ...task, ...exposure }, dialable))),
  ]);
  const byPort = task.exposures.flatMap(({ listenerPort }, index) => {
    const view = ports[index];
    return view ? [[listenerPort, view] as const] : [];
  });
  return { gateway: seenGateway, envoyService, envoyPods: await envoyPods, pods, events, ports: new Map(byPort) };
};
