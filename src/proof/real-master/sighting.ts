// Tested in test/proof/real-master/real-master.broken-ways.test.ts
import { UserError } from '../../lib/errors.ts';
import { type Kube, KubeError } from '../../lib/kube/client.ts';
import type { KubeEvent, Node, Pod } from '../../lib/kube/shapes.ts';
import type { KubeObject, Selection } from '../../lib/kube/types.ts';
import { pullFailures } from '../../model/image-remedy.ts';
import { allocationSelector, taskKinds, taskPods } from '../../model/task-objects.ts';
import { type FoundMaster, findMaster } from '../probe/placeholder-master.ts';
import type { Command, MasterApi, ResourcePool } from './api.ts';
import type { MasterTask } from './path.ts';
import { isUnreached } from './rules/address.ts';
import { runsTask, statusesOf } from './rules/pod.ts';
import { hasEnded, type KnownPath, type Sighting } from './rules/rule.ts';

/** A task to look at, from both sides. */
type Watched = KnownPath & {
  readonly api: MasterApi;
  readonly kube: Kube;
  readonly task: MasterTask;
  readonly nonce: string;
  readonly noticeMs?: number;
  readonly signal: AbortSignal;
};

/** Looks at the task once more; what was seen before is remembered. */
export type LookAtTask = (command: Command) => Promise<Sighting>;

/** What may not be read is `undefined`. */
const readAll = async <T extends KubeObject>(kube: Kube, selection: Selection): Promise<readonly T[] | undefined> => {
  try {
    return await kube.list<T>(selection);
  } catch (error) {
    if (error instanceof KubeError) return undefined;
    throw error;
  }
};

const [jobKind] = taskKinds;

/** The namespaces of the task's Jobs in the whole cluster; undefined where that cannot be told, as where they may not be listed. */
const readJobs = async (
  kube: Kube,
  { allocationId, namespace }: MasterTask,
): Promise<readonly string[] | undefined> => {
  const labelSelector = allocationSelector(allocationId);
  const own = await readAll(kube, { ...jobKind, namespace, labelSelector });
  if (own === undefined || own.length > 0) return own?.map(() => namespace);
  const all = await readAll(kube, { ...jobKind, labelSelector });
  return all?.map(({ metadata }) => metadata.namespace ?? namespace);
};

const isPullFailing = (pod: Pod): boolean =>
  statusesOf(pod).some(({ state }) => pullFailures.includes(state?.waiting?.reason ?? ''));

/** States that a task has only once the master has seen its pods. */
const underWay: readonly string[] = ['STATE_PULLING', 'STATE_STARTING', 'STATE_RUNNING'];

const orNothing = async <T>(asked: Promise<readonly T[]>, otherwise: readonly T[] = []): Promise<readonly T[]> => {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof UserError) return otherwise;
    throw error;
  }
};

const readLogs = async ({ api, signal }: Watched, id: string): Promise<Pick<Sighting, 'logs' | 'unread'>> => {
  try {
    return { logs: await api.logs(id, signal) };
  } catch (error) {
    if (error instanceof UserError) return { logs: [], unread: error.message };
    throw error;
  }
};

/** For how long something has been so, by the looks. */
const clock = () => {
  let sinceMs: number | undefined;
  return (isSo: boolean): number => {
    if (!isSo) sinceMs = undefined;
    else sinceMs ??= performance.now();
    return sinceMs === undefined ? 0 : performance.now() - sinceMs;
  };
};

/** What the cluster has of the task now; objects that a master has removed at the end of the task are remembered. */
const readCluster = async ({ kube, task }: Watched) => {
  const { namespace } = task;
  const [pods, jobsIn, events] = await Promise.all([
    readAll<Pod>(kube, taskPods(task)),
    readJobs(kube, task),
    readAll<KubeEvent>(kube, { apiVersion: 'v1', kind: 'Event', namespace }),
  ]);
  const isNeeded = pods?.some(isPullFailing) ?? false;
  const nodes = isNeeded ? await readAll<Node>(kube, { apiVersion: 'v1', kind: 'Node' }) : [];
  return { pods: pods ?? [], jobsIn, events: events ?? [], nodes: nodes ?? [] };
};

/** A tunnel ends at the master's own port on loopback. */
const findAtProven = async ({ proven, localPort }: KnownPath): Promise<FoundMaster | undefined> => {
  if (!proven || proven.via === 'url') return undefined;
  return findMaster(proven.via === 'direct' ? proven : { host: '127.0.0.1', port: localPort ?? proven.port });
};

/** Begins to look at a launched task. */
export const watchTask = (watched: Watched): LookAtTask => {
  const { api, kube: _, task, nonce, signal, ...known } = watched;
  const [running, absent] = [clock(), clock()];
  let pods: readonly Pod[] = [];
  let jobsIn: readonly string[] = [];
  let pools: readonly ResourcePool[] | undefined;
  let found: FoundMaster | undefined;
  return async (command) => {
    const [{ logs, unread }, seen] = await Promise.all([readLogs(watched, command.id), readCluster(watched)]);
    pods = seen.pods.length > 0 ? seen.pods : pods;
    jobsIn = seen.jobsIn?.length ? seen.jobsIn : jobsIn;
    // one look that failed says nothing, and the next one may
    const isAbsent = seen.jobsIn !== undefined && jobsIn.length === 0 && underWay.includes(command.state);
    const absentForMs = absent(isAbsent);
    if (jobsIn.length === 0 && !hasEnded(command)) pools ??= await orNothing(api.pools(signal));
    if (isUnreached({ exitStatus: command.exitStatus, logs })) found ??= await findAtProven(known);
    return {
      ...known,
      ...(found && { found }),
      ...{ state: command.state, exitStatus: command.exitStatus, logs, taskId: task.taskId },
      ...(unread !== undefined && { unread }),
      hasSpoken: logs.some((line) => line.includes(nonce)),
      resourcePool: command.resourcePool ?? '',
      ...{ pools: pools ?? [], pods, jobsIn, absentForMs },
      runsForMs: running(seen.pods.some(runsTask)),
      ...{ events: seen.events, nodes: seen.nodes },
    };
  };
};
