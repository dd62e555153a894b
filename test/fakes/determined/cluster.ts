import { randomUUID } from 'node:crypto';
import { messageOf } from '../../../src/lib/errors.ts';
import type { Kube } from '../../../src/lib/kube/client.ts';
import type { Pod } from '../../../src/lib/kube/shapes.ts';
import type { GatewayEndpoint } from '../../../src/model/gateway-endpoint.ts';
import { addTaskListeners, removeTaskListeners } from './listeners.ts';
import { forgetsNow, type Misbehaviour } from './misbehaviour.ts';
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
  readonly resourcePool: string;
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
  if (misbehaviour?.lacks !== 'jobs delete') await kube.remove({ apiVersion: 'batch/v1', kind: 'Job', metadata });
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
  const { kube, misbehaviour } = options;
  const { program } = misbehaviour ?? {};
  const gateway = { ...options.gateway, ...misbehaviour?.otherGateway };
  const hasPriority = await unlessRefused(kube.create(makePriorityClass(task)));
  await kube.create(makeCommandConfigMap(task));
  await kube.create(makeCommandJob(task, { ...options, hasPriority, ...(program && { program }) }));
  if (misbehaviour?.hasNoGateway) return task.podPorts;
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

/** Recorded with the log shipper of a task that does not reach its master. */
const unreached = {
  exitStatus: 'resources failed with non-zero exit code: container failed with non-zero exit code: 80 (exit code 80)',
};

type End = NonNullable<Misbehaviour['endsAs']>;

/** The master's words for a container that ended: its termination message and code (kubernetesrm/job.go, sproto). */
const endOf = (pods: readonly Pod[]): End | undefined => {
  const main = pods.flatMap(({ status }) => status?.containerStatuses ?? []);
  const ended = main.find(({ name }) => name === 'determined-container')?.state?.terminated;
  if (!ended) return undefined;
  const { message = '', exitCode } = ended;
  return { exitStatus: `resources failed with non-zero exit code: ${message} (exit code ${exitCode})` };
};

/** As a task ends by itself, by default as one that does not reach its master. */
const endTask = async (options: ClusterOptions, running: Running, pods: readonly Pod[]): Promise<void> => {
  const { task } = running;
  const { exitStatus, logs = [] }: End = options.misbehaviour?.endsAs ?? endOf(pods) ?? unreached;
  running.logs.push(...logs);
  running.exitStatus = exitStatus;
  running.state = 'STATE_TERMINATED';
  await removeObjects(options, task);
  await removeTaskListeners(options.kube, options.gateway, task.allocationId);
};

const register = (
  { misbehaviour, shipsLogs, master }: ClusterOptions,
  running: Running,
  ports: readonly number[],
): void => {
  const { task, targets, logs } = running;
  const forgets = forgetsNow(misbehaviour);
  for (const [index, podPort] of task.podPorts.entries()) {
    if (!forgets) targets.set(podPort, ports[index] ?? 0);
  }
  if (shipsLogs) logs.push(task.nonce);
  const detMaster = `${master.scheme}://${master.host}:${master.port}`;
  logs.push(...(misbehaviour?.logsWhileRunning ?? []).map((line) => line.replaceAll('$DET_MASTER', detMaster)));
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

/** Whether a pod has failed, or runs and is to end by itself. */
const hasItsEnd =
  ({ misbehaviour }: ClusterOptions) =>
  (pod: Pod): boolean =>
    hasFailed(pod) || (misbehaviour?.endsAs !== undefined && isRunning(pod));

/** Follows the pods to RUNNING, or to the exit of the stand-in's log shipper. */
const follow = async (options: ClusterOptions, running: Running, ports: readonly number[]): Promise<void> => {
  const { task, stopped } = running;
  const labelSelector = `determined=${task.allocationId}`;
  const selection = { apiVersion: 'v1', kind: 'Pod', namespace: task.namespace, labelSelector };
  for await (const pods of options.kube.watch<Pod>(selection, stopped.signal)) {
    if (stopped.signal.aborted) return;
    if (pods.some(hasItsEnd(options))) return endTask(options, running, pods);
    if (pods.some(isRunning) && !options.misbehaviour?.staysStarting) return register(options, running, ports);
    if (pods.length > 0) running.state = pods.some(isPulling) ? 'STATE_PULLING' : 'STATE_STARTING';
  }
};

const run = async (options: ClusterOptions, running: Running): Promise<void> => {
  const { staysIn, otherCluster } = options.misbehaviour ?? {};
  if (staysIn) {
    running.state = staysIn;
    return;
  }
  if (otherCluster && running.resourcePool !== otherCluster.ownPool) return register(options, running, []);
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
  { podPorts, nonce, resourcePool }: Pick<StandInTask, 'podPorts' | 'nonce'> & { readonly resourcePool?: string },
): Running => {
  const id = randomUUID();
  const { misbehaviour } = options;
  const namespace = misbehaviour?.otherNamespace ?? options.namespace;
  const task = {
    id,
    allocationId: `${id}.1`,
    jobName: `det-${clusterId.slice(0, 8)}-cmd-${id}`,
    namespace,
    podPorts,
    nonce,
  };
  const running: Running = {
    resourcePool: resourcePool ?? misbehaviour?.otherCluster?.otherPool ?? 'default',
    ...{ task, state: 'STATE_QUEUED', exitStatus: '', logs: [], targets: new Map() },
    stopped: new AbortController(),
  };
  void run(options, running);
  return running;
};

/** Ends a command and removes all that was made for it. */
export const killTask = async (options: ClusterOptions, running: Running): Promise<void> => {
  const { kube, misbehaviour } = options;
  const gateway = { ...options.gateway, ...misbehaviour?.otherGateway };
  running.stopped.abort();
  running.targets.clear();
  await removeObjects(options, running.task);
  if (misbehaviour?.leaves !== 'listener') {
    await removeTaskListeners(kube, gateway, running.task.allocationId);
  }
  if (misbehaviour?.staysRunning || misbehaviour?.lacks === 'jobs delete') return;
  running.exitStatus ||= 'task was killed';
  running.state = 'STATE_TERMINATED';
};
