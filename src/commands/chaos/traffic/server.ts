import { UserError } from '../../../lib/errors.ts';
import type { Kube } from '../../../lib/kube/client.ts';
import type { GatewayEndpoint } from '../../../model/gateway-endpoint.ts';
import type { InstanceIdentity } from '../../../model/labels.ts';
import { allocationLabels } from '../../../model/task-objects.ts';
import { dialHttp, type HostPort, untilAnswered } from '../../../proof/probe/dial.ts';
import { addListeners } from '../../../proof/sample-task/listeners.ts';
import { makeRoute, makeService } from '../../../proof/sample-task/manifests.ts';
import { waitForSamplePod } from '../../../proof/sample-task/pod.ts';
import { removeSampleTask } from '../../../proof/sample-task/removal.ts';
import { type SampleTaskSpec, startSampleTask } from '../../../proof/sample-task/sample-task.ts';
import { nameSampleTask, podPorts, type SampleTask } from '../../../proof/sample-task/task.ts';

/**
 * Whose the objects of the traffic are: the instance's, and yet none of its sample tasks, which an `up` would take for
 * leftovers of a run that was killed.
 */
export const trafficOwner = ({ instance, instanceId = instance }: InstanceIdentity): InstanceIdentity => ({
  instance,
  instanceId: `${instanceId}-chaos`,
});

/** The pod that serves for all listeners of the traffic. */
export type Server = {
  readonly task: SampleTask;
  readonly gateway: GatewayEndpoint;
};

type Limits = { readonly timeoutMs: number; readonly signal: AbortSignal };

/**
 * Starts the pod and waits until it is ready; nothing of it stays where it does not come to that. Throws UserError
 * `proof.pod-not-ready`, KubeError for a refusal, or the reason of an abort.
 */
export const startServer = async (
  kube: Kube,
  spec: SampleTaskSpec & { readonly gateway: GatewayEndpoint },
  limits: Limits,
): Promise<Server> => {
  const task = await startSampleTask(kube, spec);
  const pod = await waitForSamplePod(kube, task, limits).catch(async (error: unknown) => {
    await removeSampleTask(kube, task, spec.gateway).catch(() => undefined); // why it was given up counts
    throw error;
  });
  if (pod.ready) return { task, gateway: spec.gateway };
  await removeSampleTask(kube, task, spec.gateway);
  throw new UserError(`the pod for the traffic did not start: ${pod.seen}`, {
    id: 'proof.pod-not-ready',
    hint: 'does the path work? see: taskgate smoke',
  });
};

/** A listener with a Service and a TCPRoute of its own, made as the master makes them. */
export type Exposed = { readonly task: SampleTask; readonly target: HostPort };

const { podPort, protocol } = podPorts[0];

/** Adds a listener of its own allocation that leads to the server's pod. Throws KubeError, or UserError `proof.no-free-port`. */
export const expose = async (kube: Kube, { task: server, gateway }: Server): Promise<Exposed> => {
  const task = nameSampleTask(server, server.namespace);
  const { allocationId, jobName } = task;
  const { ports } = await addListeners(kube, gateway, { allocationId, wanted: 'lowest', count: 1 });
  const [listenerPort = 0] = ports;
  const exposure = { protocol, podPort, listenerPort, name: `${jobName}-0` };
  const service = makeService(task, exposure);
  const selector = allocationLabels(server.allocationId);
  await kube.create({ ...service, spec: { ...service.spec, selector } });
  await kube.create(makeRoute(task, exposure, gateway));
  return { task, target: { host: gateway.address, port: listenerPort } };
};

/** Removes what {@link expose} made. */
export const unexpose = async (kube: Kube, { gateway }: Server, { task }: Pick<Exposed, 'task'>): Promise<void> => {
  await removeSampleTask(kube, task, gateway);
};

const dialTimeoutMs = 1_000;
const dialPauseMs = 20;

/** Whether a listener answers within a time. Throws the reason of an abort. */
export const answers = async ({ target }: Exposed, { timeoutMs, signal }: Limits): Promise<true | string> => {
  const attempts = { pauseMs: dialPauseMs, until: AbortSignal.timeout(timeoutMs), signal };
  const dialed = await untilAnswered(() => dialHttp(target, dialTimeoutMs, '/hostname'), attempts);
  return dialed.outcome === 'answered' || `${dialed.outcome}, ${dialed.seen}`;
};
