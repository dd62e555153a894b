import { setTimeout as pause } from 'node:timers/promises';
import { type AccessQuestion, isAllowed } from '../../lib/kube/access-review.ts';
import type { Kube } from '../../lib/kube/client.ts';
import { listServed } from '../../lib/kube/list.ts';
import type { Gateway, Pod, TCPRoute } from '../../lib/kube/shapes.ts';
import { gatewayGroup, gatewayRef, tcpRouteKind } from '../../model/gateway-api.ts';
import { allocationLabel, type Job } from '../../model/task-objects.ts';
import { type Holding, isDead, judgeHoldings, type Snapshot, type TaskPlace } from './holdings.ts';

const labelSelector = allocationLabel;

/** Jobs and pods of all tasks: wherever one is, its task lives. Throws KubeError where the cluster's may not be listed. */
export const listWorkloads = async (kube: Kube): Promise<Pick<Snapshot, 'jobs' | 'pods'>> => {
  const [jobs, pods] = await Promise.all([
    kube.list<Job>({ apiVersion: 'batch/v1', kind: 'Job', labelSelector }),
    kube.list<Pod>({ apiVersion: 'v1', kind: 'Pod', labelSelector }),
  ]);
  return { jobs, pods };
};

export const listRoutes = (kube: Kube): Promise<readonly TCPRoute[]> =>
  listServed<TCPRoute>(kube, { ...tcpRouteKind, labelSelector });

/** Jobs and pods are read last: a listener, Service or route that was seen before had its Job already. */
const takeSnapshot = async (kube: Kube, { gateway, namespace }: TaskPlace): Promise<Snapshot> => {
  const [live, routes, services, configMaps] = await Promise.all([
    kube.find<Gateway>(gatewayRef(gateway)),
    listRoutes(kube),
    kube.list({ apiVersion: 'v1', kind: 'Service', namespace, labelSelector }),
    kube.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace, labelSelector }),
  ]);
  return { gateway: live, routes, services, configMaps, ...(await listWorkloads(kube)) };
};

/** One look, which may fall in the midst of a task's end. */
export const lookOnce = async (kube: Kube, place: TaskPlace, nowMs: number = Date.now()): Promise<readonly Holding[]> =>
  judgeHoldings(await takeSnapshot(kube, place), place, nowMs);

export type LookOptions = {
  /** Between the two looks; 3 s unless given. */
  readonly pauseMs?: number;
  readonly signal?: AbortSignal;
};

const defaultPauseMs = 3_000;

/**
 * What the tasks of an instance have, dead ones among them. A task counts as dead only if it was so in two looks: between
 * them a master frees what it is about to free, Job first and listener last. Throws KubeError for a refusal.
 */
export const findHoldings = async (
  kube: Kube,
  place: TaskPlace,
  { pauseMs = defaultPauseMs, signal }: LookOptions = {},
): Promise<readonly Holding[]> => {
  const first = await lookOnce(kube, place);
  const dead = new Set(first.filter(isDead).map(({ allocationId }) => allocationId));
  if (dead.size === 0) return first;
  await pause(pauseMs, undefined, { signal });
  const second = await lookOnce(kube, place);
  return second.map((one) => (isDead(one) && !dead.has(one.allocationId) ? { ...one, state: 'new' } : one));
};

/** What is to be done besides looking. */
export type Intent = { readonly free: boolean; readonly ended: boolean };

const batch = { group: 'batch', resource: 'jobs' } as const;
const pods = { group: '', resource: 'pods' } as const;
const routes = { group: gatewayGroup, resource: 'tcproutes' } as const;

const questionsFor = ({ gateway, namespace }: TaskPlace, { free, ended }: Intent): readonly AccessQuestion[] => {
  const ofGateway = { group: gatewayGroup, resource: 'gateways', namespace: gateway.namespace, name: gateway.name };
  const ofTasks = [
    { group: '', resource: 'services', namespace },
    { group: '', resource: 'configmaps', namespace },
  ];
  const looking = [batch, pods, routes, ...ofTasks].map((one) => ({ ...one, verb: 'list' }));
  const freeing = [...ofTasks, { ...routes, namespace }, ...(ended ? [{ ...batch, namespace }] : [])];
  return [
    ...[...looking, { ...ofGateway, verb: 'get' }],
    ...(free ? [...freeing.map((one) => ({ ...one, verb: 'delete' })), { ...ofGateway, verb: 'update' }] : []),
  ];
};

const describe = ({ verb, group, resource, namespace, name }: AccessQuestion): string => {
  const where = namespace === undefined ? 'in the whole cluster' : `in namespace ${namespace}`;
  const what = group === '' ? resource : `${resource}.${group}`;
  return name === undefined ? `${verb} ${what} ${where}` : `${verb} ${what} on ${namespace}/${name}`;
};

/** The rights that this connection lacks for it, such as `list jobs.batch in the whole cluster`. */
export const findMissingRights = async (kube: Kube, place: TaskPlace, intent: Intent): Promise<readonly string[]> => {
  const asked = questionsFor(place, intent).map(async (question) => ({
    question,
    may: await isAllowed(kube, question),
  }));
  return (await Promise.all(asked)).filter(({ may }) => !may).map(({ question }) => describe(question));
};
