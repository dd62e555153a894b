import { describeRef, type Gateway, type Pod, type TCPRoute } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import type { GatewayName } from '../../model/gateway-endpoint.ts';
import { isManaged } from '../../model/labels.ts';
import { holdersOf, listenerName, portsOf } from '../../model/task-listener.ts';
import { allocationOf, endOfJob, hasFinished, type Job, sampleTaskPrefix } from '../../model/task-objects.ts';

/** Where an instance's tasks have their objects and their listeners. */
export type TaskPlace = { readonly gateway: GatewayName; readonly namespace: string };

/** What tells what tasks have; Jobs, pods and routes of the whole cluster, all else of the task namespace. */
export type Snapshot = {
  readonly gateway: Gateway | undefined;
  readonly routes: readonly TCPRoute[];
  readonly services: readonly KubeObject[];
  readonly configMaps: readonly KubeObject[];
  readonly jobs: readonly Job[];
  readonly pods: readonly Pod[];
};

/**
 * - `lives`: it has a Job that has not finished, or a pod that has not ended.
 * - `new`: too young to be judged, or just ended.
 * - `ended`: its Job has finished, and is still there.
 * - `gone`: it has neither Job nor pod, anywhere.
 * - `elsewhere`: it has objects in another namespace or at another Gateway, so that it may be another instance's.
 */
export type HoldingState = 'lives' | 'new' | 'ended' | 'gone' | 'elsewhere';

/** What one allocation of a task has. */
export type Holding = {
  readonly allocationId: string;
  readonly state: HoldingState;
  /** Ports of the Gateway whose annotation names it. */
  readonly ports: readonly { readonly port: number; readonly hasListener: boolean }[];
  /** TCPRoutes, Services, ConfigMap and Job, in the order in which they can be removed. */
  readonly objects: readonly KubeObject[];
  /** When the oldest of its objects was made; undefined where it has none. */
  readonly since?: string;
};

/** A master makes the ConfigMap of a task a moment before its Job. */
const youngMs = 60_000;
/** A master that watches ends a task within seconds of its Job's end; under load it was seen to need 12 s. */
const endingMs = 120_000;

const isOver = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** Allocations that have a Job that has not finished, or a pod that has not ended. */
export const livingOf = ({ jobs, pods }: Pick<Snapshot, 'jobs' | 'pods'>): ReadonlySet<string> =>
  new Set([...jobs.filter((job) => !hasFinished(job)), ...pods.filter((pod) => !isOver(pod))].map(allocationOf));

type ParentRef = NonNullable<NonNullable<TCPRoute['spec']>['parentRefs']>[number];

/** Whether a parentRef of a route names this Gateway; without a namespace it means the route's own. */
const namesGateway =
  ({ metadata }: TCPRoute, gateway: GatewayName) =>
  ({ name, namespace = metadata.namespace }: ParentRef): boolean =>
    name === gateway.name && namespace === gateway.namespace;

const leadsTo = (route: TCPRoute, gateway: GatewayName): boolean =>
  (route.spec?.parentRefs ?? []).every(namesGateway(route, gateway));

/** Ports of this Gateway to which routes of living tasks lead, whatever its annotations say. */
export const portsInUse = (
  routes: readonly TCPRoute[],
  living: ReadonlySet<string>,
  gateway: GatewayName,
): ReadonlySet<number> =>
  new Set(
    routes
      .filter((route) => living.has(allocationOf(route)))
      .flatMap((route) => (route.spec?.parentRefs ?? []).filter(namesGateway(route, gateway)))
      .flatMap(({ port }) => (port === undefined ? [] : [port])),
  );

const timesOf = (objects: readonly KubeObject[]): readonly string[] =>
  objects.flatMap(({ metadata: { creationTimestamp } }) => creationTimestamp ?? []).toSorted();

type Judged = { readonly jobs: readonly Job[]; readonly objects: readonly KubeObject[]; readonly isElsewhere: boolean };

const stateOf = ({ jobs, objects, isElsewhere }: Judged, isAlive: boolean, nowMs: number): HoldingState => {
  if (isAlive) return 'lives';
  if (isElsewhere) return 'elsewhere';
  const youngest = Date.parse(timesOf(objects).at(-1) ?? '') || 0;
  const ended = Math.max(0, ...jobs.map((job) => endOfJob(job) ?? 0));
  if (nowMs - youngest < youngMs || nowMs - ended < endingMs) return 'new';
  return jobs.length > 0 ? 'ended' : 'gone';
};

/**
 * What each task has, and whether it lives. Leaves out taskgate's own proofs, listeners that no annotation claims, and tasks that
 * have nothing.
 */
export const judgeHoldings = (seen: Snapshot, { gateway, namespace }: TaskPlace, nowMs: number): readonly Holding[] => {
  const { routes, services, configMaps, jobs } = seen;
  const living = livingOf(seen);
  const inUse = portsInUse(routes, living, gateway);
  const listeners = new Set(seen.gateway?.spec.listeners.map(({ name }) => name));
  const isHere = ({ metadata }: KubeObject): boolean => metadata.namespace === namespace;
  const all = [...routes, ...services, ...configMaps, ...jobs].filter((object) => !isManaged(object));
  const byAllocation = Map.groupBy(all, allocationOf);
  const annotated = seen.gateway ? holdersOf(seen.gateway) : [];
  const here = all.filter(isHere).map(allocationOf);
  const ids = [...new Set([...annotated, ...here])].filter((id) => id !== '' && !id.startsWith(sampleTaskPrefix));
  const judged = ids.toSorted().map((allocationId): Holding => {
    const objects = byAllocation.get(allocationId) ?? [];
    const held = seen.gateway ? portsOf(seen.gateway, (id) => id === allocationId) : [];
    const ownRoutes = routes.filter((route) => objects.includes(route));
    const found = {
      ...{ objects, jobs: jobs.filter((job) => objects.includes(job)) },
      isElsewhere: !objects.every(isHere) || !ownRoutes.every((route) => leadsTo(route, gateway)),
    };
    const isAlive = living.has(allocationId);
    const [since] = timesOf(objects);
    return {
      ...{ allocationId, objects, state: stateOf(found, isAlive, nowMs) },
      ports: held
        .filter((port) => isAlive || !inUse.has(port))
        .map((port) => ({ port, hasListener: listeners.has(listenerName(port)) })),
      ...(since !== undefined && { since }),
    };
  });
  // an annotation whose port a living task has by now
  return judged.filter(({ ports, objects }) => ports.length > 0 || objects.length > 0);
};

/** `listener det-20000`, `Service default/...`: what one allocation has, by name. */
export const describeLeft = ({ ports, objects }: Pick<Holding, 'ports' | 'objects'>): readonly string[] => [
  ...ports.map(({ port, hasListener }) =>
    hasListener ? `listener ${listenerName(port)}` : `annotation of port ${port}`,
  ),
  ...objects.map(describeRef),
];

/** Whether nothing of a task runs any more, and its objects are this instance's. */
export const isDead = ({ state }: Holding): boolean => state === 'gone' || state === 'ended';
