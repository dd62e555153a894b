import { randomUUID } from 'node:crypto';
import { messageOf } from '../../../src/lib/errors.ts';
import type { Kube } from '../../../src/lib/kube/client.ts';
import type { Pod } from '../../../src/lib/kube/shapes.ts';
import type { GatewayEndpoint } from '../../../src/model/gateway-endpoint.ts';
import { addTaskListeners, removeTaskListeners } from './listeners.ts';
import {
  clusterId,
  type DetMaster,
  makeCommandConfigMap,
  makeCommandJob,
  makeCommandPath,
  makePriorityClass,
  priorityClassName,
  type StandInTask,
} from './shapes.ts';

/** What the stand-in does wrong on purpose. */
export type Misbehaviour = {
  /** Runs the task and never registers its proxy. */
  readonly forgetsProxy?: boolean;
  /** Leaves this kind behind after a kill. */
  readonly leaves?: 'TCPRoute' | 'listener' | 'PriorityClass';
  /** The only state that it ever gives for a task. */
  readonly staysIn?: 'STATE_QUEUED' | 'STATE_PULLING';
  /** Never notices that the pod runs. */
  readonly staysStarting?: boolean;
  /** Never notices that the Job is gone. */
  readonly staysRunning?: boolean;
  /** Dials tasks here instead of at the Gateway's address. */
  readonly gatewayIp?: string;
};

export type ClusterOptions = {
  readonly kube: Kube;
  readonly gateway: GatewayEndpoint;
  readonly namespace: string;
  readonly image: string;
  readonly master: DetMaster;
  readonly misbehaviour?: Misbehaviour;
  /** Puts the nonce into the task log once the task runs, as a log shipper does with what the program prints. */
  readonly shipsLogs?: boolean;
};

/** A command and what has become of it. */
export type Running = {
  readonly task: StandInTask;
  state: string;
  exitStatus: string;
  readonly logs: string[];
  /** Gateway ports by pod port, once registered. */
  readonly targets: Map<number, number>;
  readonly stopped: AbortController;
};

const crash = 'task failed without an associated exit code: job crashed';

/** Its rights on PriorityClasses may be missing: then it goes on without. */
const unlessRefused = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );

const removeObjects = async ({ kube, misbehaviour }: ClusterOptions, task: StandInTask) => {
  const { jobName, namespace, podPorts } = task;
  const metadata = { name: jobName, namespace };
  const priority = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass' };
  if (misbehaviour?.leaves !== 'PriorityClass') {
    await unlessRefused(kube.remove({ ...priority, metadata: { name: priorityClassName(task) } }));
  }
  await kube.remove({ apiVersion: 'batch/v1', kind: 'Job', metadata });
  await kube.remove({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
  for (const index of podPorts.keys()) {
    const named = { name: `${jobName}-${index}`, namespace };
    await kube.remove({ apiVersion: 'v1', kind: 'Service', metadata: named });
    if (misbehaviour?.leaves === 'TCPRoute') continue;
    await kube.remove({ apiVersion: 'gateway.networking.k8s.io/v1alpha2', kind: 'TCPRoute', metadata: named });
  }
};

/** PriorityClass, ConfigMap, Job, listeners, then a Service and a TCPRoute for each port: the real master's order. */
const makeAll = async (options: ClusterOptions, { task, logs }: Running): Promise<readonly number[]> => {
  const { kube, gateway } = options;
  const hasPriority = await unlessRefused(kube.create(makePriorityClass(task)));
  await kube.create(makeCommandConfigMap(task));
  await kube.create(makeCommandJob(task, { ...options, hasPriority }));
  const count = task.podPorts.length;
  const ports = await addTaskListeners(kube, gateway, { allocationId: task.allocationId, count });
  logs.push(`created gateway proxy listeners2 [${ports.join(' ')}]`);
  for (const [index, podPort] of task.podPorts.entries()) {
    const path = { index, podPort, listenerPort: ports[index] ?? 0 };
    for (const object of makeCommandPath(task, path, gateway)) await kube.create(object);
  }
  logs.push('created gateway proxy resources');
  return ports;
};

/** As the log shipper ends a task that does not reach its master. */
const endUnreached = async (options: ClusterOptions, running: Running): Promise<void> => {
  const { task } = running;
  running.exitStatus =
    'resources failed with non-zero exit code: container failed with non-zero exit code: 80 (exit code 80)';
  running.state = 'STATE_TERMINATED';
  await removeObjects(options, task);
  await removeTaskListeners(options.kube, options.gateway, task.allocationId);
};

const register = ({ misbehaviour, shipsLogs }: ClusterOptions, running: Running, ports: readonly number[]): void => {
  const { task, targets, logs } = running;
  for (const [index, podPort] of task.podPorts.entries()) {
    if (!misbehaviour?.forgetsProxy) targets.set(podPort, ports[index] ?? 0);
  }
  if (shipsLogs) logs.push(task.nonce);
  running.state = 'STATE_RUNNING';
};

const statusesOf = ({ status }: Pod) => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

const hasFailed = (pod: Pod): boolean =>
  pod.status?.phase === 'Failed' || statusesOf(pod).some(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);
const isPulling = (pod: Pod): boolean =>
  statusesOf(pod).some(({ state }) => state?.waiting?.reason === 'ContainerCreating');
const isRunning = ({ status }: Pod): boolean =>
  status?.phase === 'Running' &&
  (status.conditions ?? []).some(({ type, status: value }) => type === 'Ready' && value === 'True');

/** Follows the pods to RUNNING, or to the exit of the stand-in's log shipper. */
const follow = async (options: ClusterOptions, running: Running, ports: readonly number[]): Promise<void> => {
  const { task, stopped } = running;
  const labelSelector = `determined=${task.allocationId}`;
  const selection = { apiVersion: 'v1', kind: 'Pod', namespace: task.namespace, labelSelector };
  for await (const pods of options.kube.watch<Pod>(selection, stopped.signal)) {
    if (stopped.signal.aborted) return;
    if (pods.some(hasFailed)) return endUnreached(options, running);
    if (pods.some(isRunning) && !options.misbehaviour?.staysStarting) return register(options, running, ports);
    if (pods.length > 0) running.state = pods.some(isPulling) ? 'STATE_PULLING' : 'STATE_STARTING';
  }
};

const run = async (options: ClusterOptions, running: Running): Promise<void> => {
  const { staysIn } = options.misbehaviour ?? {};
  if (staysIn) {
    running.state = staysIn;
    return;
  }
  try {
    const ports = await makeAll(options, running);
    await follow(options, running, ports);
  } catch (error) {
    const { length } = running.task.podPorts;
    const name = options.gateway.name;
    running.logs.push(
      `adding ${length} listeners to gateway: updating gateway with name '${name}': ${messageOf(error)}`,
    );
    running.exitStatus = crash;
    running.state = 'STATE_TERMINATED';
    await removeObjects(options, running.task);
  }
};

/** Begins a command; what becomes of it is told by the returned object, which changes. */
export const launchTask = (
  options: ClusterOptions,
  { podPorts, nonce }: Pick<StandInTask, 'podPorts' | 'nonce'>,
): Running => {
  const id = randomUUID();
  const { namespace } = options;
  const task = {
    id,
    allocationId: `${id}.1`,
    jobName: `det-${clusterId.slice(0, 8)}-cmd-${id}`,
    namespace,
    podPorts,
    nonce,
  };
  const running: Running = {
    ...{ task, state: 'STATE_QUEUED', exitStatus: '', logs: [], targets: new Map() },
    stopped: new AbortController(),
  };
  void run(options, running);
  return running;
};

/** Ends a command and removes all that was made for it. */
export const killTask = async (options: ClusterOptions, running: Running): Promise<void> => {
  const { kube, gateway, misbehaviour } = options;
  running.stopped.abort();
  running.targets.clear();
  await removeObjects(options, running.task);
  if (misbehaviour?.leaves !== 'listener') {
    await removeTaskListeners(kube, gateway, running.task.allocationId);
  }
  if (misbehaviour?.staysRunning) return;
  running.exitStatus ||= 'task was killed';
  running.state = 'STATE_TERMINATED';
};
