import { randomUUID } from 'node:crypto';
import { messageOf } from '../../../src/lib/errors.ts';
import type { Kube } from '../../../src/lib/kube/client.ts';
import { isReady, type Pod } from '../../../src/lib/kube/shapes.ts';
import type { GatewayEndpoint } from '../../../src/model/gateway-endpoint.ts';
import { addListeners, removeListeners } from '../../../src/proof/sample-task/listeners.ts';
import { isUnrecoverable } from '../../../src/proof/sample-task/pod.ts';
import {
  type DetMaster,
  makeCommandConfigMap,
  makeCommandJob,
  makeCommandPath,
  type StandInTask,
} from './manifests.ts';

/** What the stand-in does wrong on purpose. */
export type Misbehaviour = {
  /** Runs the task and never registers its proxy. */
  readonly forgetsProxy?: boolean;
  /** Leaves this kind behind after a kill. */
  readonly leaves?: 'TCPRoute' | 'listener';
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

const clusterId = 'a1b2c3d4';

const crash = 'task failed without an associated exit code: job crashed';

const removeObjects = async ({ kube, misbehaviour }: ClusterOptions, { jobName, namespace, podPorts }: StandInTask) => {
  const metadata = { name: jobName, namespace };
  await kube.remove({ apiVersion: 'batch/v1', kind: 'Job', metadata });
  await kube.remove({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
  for (const index of podPorts.keys()) {
    const named = { name: `${jobName}-${index}`, namespace };
    await kube.remove({ apiVersion: 'v1', kind: 'Service', metadata: named });
    if (misbehaviour?.leaves === 'TCPRoute') continue;
    await kube.remove({ apiVersion: 'gateway.networking.k8s.io/v1alpha2', kind: 'TCPRoute', metadata: named });
  }
};

/** ConfigMap, Job, listeners, then a Service and a TCPRoute for each port: the real master's order. */
const makeAll = async (options: ClusterOptions, { task, logs }: Running): Promise<readonly number[]> => {
  const { kube, gateway } = options;
  await kube.create(makeCommandConfigMap(task));
  await kube.create(makeCommandJob(task, options));
  const count = task.podPorts.length;
  const { ports } = await addListeners(kube, gateway, { allocationId: task.allocationId, wanted: 'lowest', count });
  logs.push(`created gateway proxy listeners2 [${ports.join(' ')}]`);
  for (const [index, podPort] of task.podPorts.entries()) {
    const exposure = {
      protocol: 'http',
      podPort,
      listenerPort: ports[index] ?? 0,
      name: `${task.jobName}-${index}`,
    } as const;
    for (const object of makeCommandPath(task, exposure, gateway)) await kube.create(object);
  }
  return ports;
};

/** As the log shipper ends a task that does not reach its master. */
const endUnreached = async (options: ClusterOptions, running: Running): Promise<void> => {
  const { task } = running;
  running.exitStatus =
    'resources failed with non-zero exit code: container failed with non-zero exit code: 80 (exit code 80)';
  running.state = 'STATE_TERMINATED';
  await removeObjects(options, task);
  await removeListeners(options.kube, options.gateway, (allocation) => allocation === task.allocationId);
};

const register = ({ misbehaviour, shipsLogs }: ClusterOptions, running: Running, ports: readonly number[]): void => {
  const { task, targets, logs } = running;
  for (const [index, podPort] of task.podPorts.entries()) {
    if (!misbehaviour?.forgetsProxy) targets.set(podPort, ports[index] ?? 0);
  }
  if (shipsLogs) logs.push(task.nonce);
  running.state = 'STATE_RUNNING';
};

/** Follows the pods to RUNNING, or to the exit of the stand-in's log shipper. */
const follow = async (options: ClusterOptions, running: Running, ports: readonly number[]): Promise<void> => {
  const { task, stopped } = running;
  const labelSelector = `determined=${task.allocationId}`;
  const selection = { apiVersion: 'v1', kind: 'Pod', namespace: task.namespace, labelSelector };
  for await (const pods of options.kube.watch<Pod>(selection, stopped.signal)) {
    if (stopped.signal.aborted) return;
    if (pods.some(isUnrecoverable)) return endUnreached(options, running);
    if (pods.some(isReady) && !options.misbehaviour?.staysStarting) return register(options, running, ports);
  }
};

const run = async (options: ClusterOptions, running: Running): Promise<void> => {
  try {
    running.state = 'STATE_STARTING';
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
  const task = { id, allocationId: `${id}.1`, jobName: `det-${clusterId}-cmd-${id}`, namespace, podPorts, nonce };
  const running: Running = {
    ...{ task, state: 'STATE_PENDING', exitStatus: '', logs: [], targets: new Map() },
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
    await removeListeners(kube, gateway, (allocation) => allocation === running.task.allocationId);
  }
  if (misbehaviour?.staysRunning) return;
  running.exitStatus ||= 'task was killed';
  running.state = 'STATE_TERMINATED';
};
