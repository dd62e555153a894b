// Tested in test/proof/prove.test.ts
import type { Kube } from '../../lib/kube/client.ts';
import type { GatewayEndpoint } from '../../model/gateway-endpoint.ts';
import type { InstanceIdentity } from '../../model/labels.ts';
import { addListeners } from './listeners.ts';
import { makeCertificates, makeJob, makeRoute, makeService, type PodSpec } from './manifests.ts';
import type { WantedPorts } from './ports.ts';
import { makeStranger } from './stranger.ts';
import { type ExposedTask, nameSampleTask, podPorts, type SampleTask } from './task.ts';

export type SampleTaskSpec = PodSpec &
  InstanceIdentity & {
    readonly namespace: string;
    /** Also start a pod that is no task, which must not reach the task's. */
    readonly withStranger?: boolean;
  };

/**
 * Creates the sample task's Job (and a ConfigMap with CAs when the master is behind https), and returns at once: its pod
 * needs no Gateway yet. Throws KubeError for a refusal.
 */
export const startSampleTask = async (kube: Kube, spec: SampleTaskSpec): Promise<SampleTask> => {
  const task = nameSampleTask(spec, spec.namespace);
  if (spec.withStranger) await kube.create(makeStranger(task, spec));
  if (spec.master.scheme === 'http') {
    await kube.create(makeJob(task, spec));
    return task;
  }
  const certificates = await kube.create(makeCertificates(task, spec.authority));
  try {
    await kube.create(makeJob(task, spec));
    return task;
  } catch (error) {
    await kube.remove(certificates);
    throw error;
  }
};

/**
 * Adds a listener for each port of the pod, then a Service and a TCPRoute for each, in the master's order.
 * Throws a UserError `proof.no-free-port`, or KubeError for a refusal.
 */
export const exposeSampleTask = async (
  kube: Kube,
  task: SampleTask,
  { gateway, ports: wanted }: { readonly gateway: GatewayEndpoint; readonly ports: WantedPorts },
): Promise<ExposedTask> => {
  const { allocationId, jobName } = task;
  const { ports, notes } = await addListeners(kube, gateway, { allocationId, wanted, count: podPorts.length });
  const exposures = podPorts.flatMap((podPort, index) => {
    const listenerPort = ports[index];
    return listenerPort === undefined ? [] : [{ ...podPort, listenerPort, name: `${jobName}-${index}` }];
  });
  const made = await Promise.allSettled(
    exposures.map(async (exposure) => {
      await kube.create(makeService(task, exposure));
      await kube.create(makeRoute(task, exposure, gateway));
    }),
  );
  // only now: a pending request would create an object after the clean-up
  for (const one of made) if (one.status === 'rejected') throw one.reason;
  return { ...task, exposures, notes };
};
