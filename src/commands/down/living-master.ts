import { setTimeout as pause } from 'node:timers/promises';
import { livingOf } from '../../gateway/leaks/holdings.ts';
import { openAccess } from '../../instance/access.ts';
import { findInstance, type Instance } from '../../instance/instance.ts';
import { isLoopback } from '../../lib/cidr.ts';
import { messageOf, UserError } from '../../lib/errors.ts';
import type { Kube } from '../../lib/kube/client.ts';
import type { Pod } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import { polling, waitUntil } from '../../lib/wait.ts';
import { isManaged } from '../../model/labels.ts';
import { allocationLabel, allocationOf, type Job, sampleTaskPrefix } from '../../model/task-objects.ts';
import type { CommandContext } from '../../providers/context.ts';
import { providerOf } from '../../providers/providers.ts';
import { servedBy } from '../master/port-keeper.ts';
import { findOwnMaster } from '../status/own-master.ts';

/** A proof's sample task has the labels of a master's, too. */
const isTask = (object: KubeObject): boolean =>
  !isManaged(object) && !allocationOf(object).startsWith(sampleTaskPrefix);

/** The tasks that a master has in a namespace and that live, by the names of their Jobs; one without, by that of a pod. */
export const listTasks = async (kube: Kube, namespace: string): Promise<readonly string[]> => {
  const labelled = { namespace, labelSelector: allocationLabel };
  const [allJobs, allPods] = await Promise.all([
    kube.list<Job>({ apiVersion: 'batch/v1', kind: 'Job', ...labelled }),
    kube.list<Pod>({ apiVersion: 'v1', kind: 'Pod', ...labelled }),
  ]);
  const [jobs, pods] = [allJobs.filter(isTask), allPods.filter(isTask)];
  const named = new Map([...pods, ...jobs].map((object) => [allocationOf(object), object.metadata.name]));
  return [...livingOf({ jobs, pods })].flatMap((allocationId) => named.get(allocationId) ?? []);
};

/** The instance's cluster, where it runs. */
const openCluster = async (context: CommandContext, instance: Instance): Promise<Kube | undefined> => {
  const { cluster, attach } = instance.record();
  if (!cluster || (await providerOf(context, { instance }).find()) !== 'running') return undefined;
  return openAccess({ ...cluster, attach }, context.env);
};

const answerMs = 5_000;

/** Without an answer in time nothing is known of tasks, and the cluster goes all the same. */
const inTime = async <T>(work: Promise<T>): Promise<T | undefined> => {
  const timer = new AbortController();
  const late = pause(answerMs, undefined, { signal: timer.signal });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  } finally {
    timer.abort();
    late.catch(() => undefined);
    work.catch(() => undefined);
  }
};

/** A master that answers while its instance goes. */
export type LivingMaster = {
  readonly address: string;
  readonly version?: string | undefined;
  readonly clusterId?: string | undefined;
  /** Tasks in the instance's cluster that have not ended; undefined where that does not say. */
  readonly tasks?: readonly string[] | undefined;
};

const settingsOf = ({ config }: CommandContext, instance: Instance) =>
  instance.record().settings?.master ?? config.master;

/** The tasks in an instance's cluster that live; undefined where that does not say in time. */
export const findTasks = (context: CommandContext, instance: Instance): Promise<readonly string[] | undefined> => {
  const look = async () => {
    const kube = await openCluster(context, instance);
    return kube && listTasks(kube, settingsOf(context, instance).taskNamespace);
  };
  return inTime(look());
};

/** A record that cannot be read is a problem of its instance alone. */
const ignoreUnreadable = (error: unknown): undefined => {
  if (!(error instanceof UserError)) throw error;
};

/** The instance's own master, where one answers, and its tasks in the instance's cluster. */
export const findLivingMaster = async (
  context: CommandContext,
  instance: Instance,
): Promise<LivingMaster | undefined> => {
  const { address, info } = await findOwnMaster(instance, settingsOf(context, instance));
  if (!info) return undefined;
  return { address, version: info.version, clusterId: info.clusterId, tasks: await findTasks(context, instance) };
};

/** The other instances that the master of an instance serves, too, and that are there. */
export const findServed = async ({ folders }: CommandContext, { record }: Instance): Promise<readonly Instance[]> => {
  const found = await Promise.all(
    servedBy(record()).map((name) => findInstance(folders.stateDir, name).catch(ignoreUnreadable)),
  );
  return found.filter((other) => other !== undefined);
};

const some = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');

const countOf = (tasks: readonly string[]): string => `${tasks.length} ${tasks.length === 1 ? 'task' : 'tasks'}`;

/** What the step that looks for it notes. */
export const noteOf = ({ address, tasks }: Pick<LivingMaster, 'address' | 'tasks'>): string =>
  `${address}, ${tasks === undefined ? 'tasks unknown' : countOf(tasks)}`;

/** What an instance loses whose master goes with another one: `owner` runs it. */
export const describeServed = (name: string, tasks: readonly string[] | undefined, owner: string): string => {
  const what = `the master of ${owner} goes, and serves ${name}, too`;
  if (tasks === undefined) return `${what}; the cluster of ${name} does not say which tasks it has there`;
  if (tasks.length === 0) return `${what}, where it has no task`;
  return `${what}; ${countOf(tasks)} of it there: ${some(tasks)} (to let tasks end first: taskgate down --name ${owner} --wait-for-tasks 20m)`;
};

/** What `down` ends besides the cluster, and how it would have waited. */
export const describeTasks = ({ address, version, clusterId, tasks }: LivingMaster, name: string): string => {
  const who = [version, clusterId && `cluster id ${clusterId}`].filter(Boolean).join(', ');
  const master = `a master answers at ${address}${who && ` (${who})`}`;
  if (tasks === undefined) return `${master}; the cluster does not say which tasks it has there`;
  if (tasks.length === 0) return `${master} and has no task in this cluster`;
  return `${master}, and ${countOf(tasks)} of it in this cluster ${tasks.length === 1 ? 'ends' : 'end'} now: ${some(tasks)} (to let tasks end first: taskgate down --name ${name} --wait-for-tasks 20m)`;
};

type Rest = Pick<Instance, 'record'>;

/** What goes on when the cluster is gone, and what to do. `isBlocked`: this host refuses what is sent to its network. */
export const describeRest = ({ address }: LivingMaster, instance: Rest, isBlocked: boolean): string => {
  const { name, gateway, cidr, provider } = instance.record();
  const way = `the master at ${address} goes on: end it, or take the resource manager of ${name} out of its master.yaml`;
  if (!gateway) return way;
  const at = `${gateway.address}, its gateway_ip`;
  if (isBlocked) {
    return `${way}. What it sends to ${at}, callers' tokens included, would leave by the default route; so this host refuses all to ${cidr} until the next up of ${name}, or: taskgate down --name ${name} --forget-routes`;
  }
  if (isLoopback(gateway.address) || provider === 'attach') {
    return `${way}. What it sends to ${at}, callers' tokens included, reaches whatever answers there by now`;
  }
  return `${way}. What it sends to ${at}, callers' tokens included, leaves this host by its default route: as root, refuse it by: ip route add unreachable ${gateway.address} (and before the next up: ip route delete unreachable ${gateway.address})`;
};

type Wait = { readonly seconds: number; readonly signal: AbortSignal; readonly report: (text: string) => void };

/**
 * Waits until no task of a master runs in the clusters of instances, whether the master answers or not. Throws UserError
 * `cluster.tasks-running` at the deadline. A cluster that does not run has none.
 */
export const waitForTasks = async (
  context: CommandContext,
  instances: readonly Instance[],
  { seconds, signal, report }: Wait,
): Promise<void> => {
  const clusters = await Promise.all(
    instances.map(async (instance) => ({
      kube: await openCluster(context, instance),
      namespace: settingsOf(context, instance).taskNamespace,
    })),
  );
  if (clusters.every(({ kube }) => !kube)) return;
  const look = async () =>
    (await Promise.all(clusters.map(({ kube, namespace }) => (kube ? listTasks(kube, namespace) : [])))).flat();
  const judge = (tasks: readonly string[]) => tasks.length === 0 || `${countOf(tasks)} run: ${some(tasks)}`;
  try {
    await waitUntil('End of tasks', polling(look, 1_000), judge, {
      ...{ timeoutMs: seconds * 1_000, signal, onVerdict: report },
      id: 'cluster.tasks-running',
      hint: 'nothing was removed: end them by the master (det command kill ...), wait for longer, or leave --wait-for-tasks out',
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UserError) throw error;
    throw new UserError(`the cluster does not say which tasks run: ${messageOf(error)}`, {
      id: 'cluster.tasks-running',
      hint: 'leave --wait-for-tasks out to take it down all the same',
      cause: error,
    });
  }
};
