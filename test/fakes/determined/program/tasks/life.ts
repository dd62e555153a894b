/** The life of a task in its cluster: made, followed, ended, and found again by the next start of the master. */
import type { Pool } from 'pg';
import { messageOf } from '../../../../../src/lib/errors.ts';
import type { Kube } from '../../../../../src/lib/kube/client.ts';
import { addTaskListeners, removeTaskListeners } from '../../listeners.ts';
import { makeCommandPath } from '../../shapes.ts';
import type { Cluster } from '../cluster/manager.ts';
import type { MasterSettings, TaskGateway } from '../config/settings.ts';
import { addLogs, insertTask, saveTask } from '../database/tasks.ts';
import { closeSession } from '../database/users.ts';
import type { Log } from '../log.ts';
import { type ArchiveFile, makeArchives } from './archives.ts';
import { makeConfigMap, makeJob } from './objects.ts';
import type { Services } from './services.ts';
import { nameOf, type State, type Task, type TaskSpec } from './task.ts';

export type World = {
  readonly db: Pool;
  readonly log: Log;
  readonly settings: MasterSettings;
  readonly clusterId: string;
  readonly clusters: readonly Cluster[];
  readonly services: Services;
  readonly tasks: Map<string, Task>;
  /** Files that a task gets besides the scripts: certificates and keys. */
  readonly extraFiles: (spec: TaskSpec) => readonly ArchiveFile[];
  readonly certificate: string | undefined;
};

export const clusterOf = ({ clusters }: World, { clusterName }: TaskSpec): Cluster => {
  const found = clusters.find(({ manager }) => manager.clusterName === clusterName);
  if (!found) throw new Error(`could not find resource manager ${clusterName}`);
  return found;
};

/** A line of the master's own in a task log. */
export const tell = (world: World, { spec }: Task, text: string): Promise<void> =>
  addLogs(world.db, spec.id, [{ log: `${text}\n`, level: 'LOG_LEVEL_INFO', source: 'master' }]);

const targetOf = ({ name, namespace, portRange }: TaskGateway) => ({ name, namespace, portRange });

/** Notes a state, unless the task has ended. */
export const setState = async (world: World, task: Task, state: State): Promise<void> => {
  if (task.state === state || task.endTime) return;
  task.state = state;
  await saveTask(world.db, task);
};

const priorityOf = ({ allocationId }: TaskSpec) => ({
  ...{ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: `${allocationId}-priorityclass` } },
  ...{ value: 50, globalDefault: false, preemptionPolicy: 'Never' },
  description: 'temporary priorityClass for determined',
});

/** Rights on PriorityClasses may be missing: then it goes on without. */
const unlessRefused = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );

const register = ({ services }: World, { spec }: Task, { ip }: TaskGateway, listeners: readonly number[]): void => {
  for (const [index, port] of spec.ports.entries()) {
    const to = { host: ip, port: listeners[index] ?? 0, scheme: port.scheme, taskId: spec.id };
    services.set(port.serviceId, { ...to, isUnauthenticated: port.isUnauthenticated });
  }
};

const makePath = async (world: World, { spec }: Task, gateway: TaskGateway, kube: Kube): Promise<void> => {
  const count = spec.ports.length;
  const { allocationId } = spec;
  let listeners: readonly number[];
  try {
    listeners = await addTaskListeners(kube, targetOf(gateway), { allocationId, count });
  } catch (error) {
    throw new Error(
      `adding ${count} listeners to gateway: updating gateway with name '${gateway.name}': ${messageOf(error)}`,
    );
  }
  world.log.debug(`created gateway proxy listeners2 [${listeners.join(' ')}]`);
  const shape = { ...spec, podPorts: spec.ports.map(({ podPort }) => podPort), nonce: '' };
  for (const [index, { podPort }] of spec.ports.entries()) {
    const path = { index, podPort, listenerPort: listeners[index] ?? 0 };
    for (const object of makeCommandPath(shape, path, gateway)) await kube.create(object);
  }
  world.log.debug('created gateway proxy resources');
};

/** ConfigMap, Job, Gateway, then a Service and a TCPRoute for each port: the real master's order. */
const makeAll = async (world: World, task: Task): Promise<void> => {
  const { spec } = task;
  const { kube, manager } = clusterOf(world, spec);
  const archives = await makeArchives(world.settings.root, spec, world.extraFiles(spec));
  const hasPriority = await unlessRefused(kube.create(priorityOf(spec)));
  await kube.create(makeConfigMap(spec, archives));
  const scheme = manager.masterScheme || (world.settings.tls ? 'https' : 'http');
  const { clusterId, certificate } = world;
  const forcePull = world.settings.forcePullImage;
  await kube.create(makeJob({ spec, manager, clusterId, scheme, certificate, forcePull, hasPriority }));
  if (manager.gateway && spec.ports.length > 0) await makePath(world, task, manager.gateway, kube);
};

const removeAll = async (world: World, { spec }: Task): Promise<void> => {
  const { kube, manager } = clusterOf(world, spec);
  const { jobName: name, namespace } = spec;
  const remove = async (apiVersion: string, kind: string, called = name): Promise<void> => {
    await kube.remove({ apiVersion, kind, metadata: { name: called, namespace } }).catch((error: unknown) => {
      world.log.error(`deleting ${kind} ${called}: ${messageOf(error)}`);
    });
  };
  await unlessRefused(kube.remove(priorityOf(spec)));
  await remove('batch/v1', 'Job');
  await remove('v1', 'ConfigMap');
  if (!manager.gateway || spec.ports.length === 0) return;
  for (const index of spec.ports.keys()) await remove('v1', 'Service', `${name}-${index}`);
  for (const index of spec.ports.keys()) {
    await remove('gateway.networking.k8s.io/v1alpha2', 'TCPRoute', `${name}-${index}`);
  }
  await removeTaskListeners(kube, targetOf(manager.gateway), spec.allocationId).catch((error: unknown) => {
    world.log.error(`freeing gateway listeners of ${spec.allocationId}: ${messageOf(error)}`);
  });
};

/** Ends a task once, with the words of its end. */
export const endTask = async (world: World, task: Task, exitStatus: string): Promise<void> => {
  if (task.endTime) return;
  for (const { serviceId } of task.spec.ports) world.services.delete(serviceId);
  task.endTime = new Date();
  task.state = 'STATE_TERMINATED';
  task.exitStatus = exitStatus;
  await tell(world, task, `${nameOf(task.spec)} was terminated: ${exitStatus}`);
  await saveTask(world.db, task);
  task.ended.abort();
  await removeAll(world, task);
  await closeSession(world.db, task.spec.sessionToken);
};

/** Begins a task. What becomes of it is in the task, which changes. */
export const beginTask = async (world: World, task: Task): Promise<void> => {
  world.tasks.set(task.spec.id, task);
  await insertTask(world.db, task);
  await tell(world, task, `Scheduling ${nameOf(task.spec)} (id: ${task.spec.id})`);
  const make = async (): Promise<void> => {
    await tell(world, task, `${nameOf(task.spec)} was assigned to an agent`);
    try {
      await makeAll(world, task);
    } catch (error) {
      await tell(world, task, messageOf(error));
      await endTask(world, task, 'task failed without an associated exit code: job crashed');
    }
  };
  make().catch((error: unknown) => world.log.error(`task ${task.spec.id}: ${messageOf(error)}`));
};

const listenersOf = async (kube: Kube, gateway: TaskGateway, allocationId: string): Promise<readonly number[]> => {
  const metadata = { name: gateway.name, namespace: gateway.namespace };
  const live = await kube.get({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata });
  const { spec } = live as unknown as { readonly spec: { readonly listeners: readonly { readonly port: number }[] } };
  const prefix = 'determined.ai/det-gateway-port-';
  return Object.entries(live.metadata.annotations ?? {})
    .filter(([key, value]) => key.startsWith(prefix) && value === allocationId)
    .map(([key]) => Number(key.slice(prefix.length)))
    .filter((port) => spec.listeners.some((listener) => listener.port === port))
    .sort((a, b) => a - b);
};

/** When its pod has reached Running, with the listeners that it has by then: one that has none yet is never registered. */
export const startRunning = async (world: World, task: Task): Promise<void> => {
  const { kube, manager } = clusterOf(world, task.spec);
  if (task.state !== 'STATE_RUNNING') await tell(world, task, `Resources for ${nameOf(task.spec)} have started`);
  await setState(world, task, 'STATE_RUNNING');
  if (!manager.gateway || task.spec.ports.length === 0) return;
  const listeners = await listenersOf(kube, manager.gateway, task.spec.allocationId);
  if (listeners.length === task.spec.ports.length) register(world, task, manager.gateway, listeners);
  else world.log.warn(`did not proxy as expected ${task.spec.allocationId}`);
};

/** After a restart of the master: registered again, or ended where something of it is missing. */
export const restoreTask = async (world: World, task: Task): Promise<void> => {
  world.tasks.set(task.spec.id, task);
  const { kube, manager } = clusterOf(world, task.spec);
  const { jobName, namespace, ports, allocationId } = task.spec;
  const metadata = { name: jobName, namespace };
  const counts = [
    ['jobs', 1, (await kube.find({ apiVersion: 'batch/v1', kind: 'Job', metadata })) ? 1 : 0],
    ['config maps', 1, (await kube.find({ apiVersion: 'v1', kind: 'ConfigMap', metadata })) ? 1 : 0],
    ...(manager.gateway
      ? [['gateway ports', ports.length, (await listenersOf(kube, manager.gateway, allocationId)).length] as const]
      : []),
  ] as const;
  const missing = counts.filter(([, wanted, found]) => wanted !== found);
  const trouble = missing.map(([what, wanted, found]) => `* expected ${wanted} ${what} got ${found}`);
  if (trouble.length === 0) return;
  const errors = `${trouble.length} error${trouble.length > 1 ? 's' : ''} occurred: ${trouble.join(' ')}`;
  await endTask(
    world,
    task,
    `request for action on unknown resources: unable to restore allocation: reattach job: ${errors} (exit code -1)`,
  );
};
