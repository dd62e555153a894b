import { UserError } from '../../lib/errors.ts';
import { type Kube, KubeError } from '../../lib/kube/client.ts';
import type { ContainerStatus, KubeEvent, Node, Pod } from '../../lib/kube/shapes.ts';
import { describeImageRemedy } from '../../model/image-remedy.ts';
import { explainAdmission } from '../../model/security/admission.ts';
import { type GatewaySpec, provisioner } from '../spec.ts';

type Blocker = {
  readonly id: 'gateway.pod-refused' | 'gateway.image-pull';
  readonly message: string;
  readonly hint: string;
};

/** kubelet has tried, and waits longer and longer from here on. */
const pullFailures = ['ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName'];

const isUnpullable = ({ state }: ContainerStatus): boolean => pullFailures.includes(state?.waiting?.reason ?? '');

/** The pod and the container whose image its node cannot get. */
export const findUnpullable = (pods: readonly Pod[]) => {
  for (const pod of pods) {
    const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
    const status = [...initContainerStatuses, ...containerStatuses].find(isUnpullable);
    if (status) return { pod, status };
  }
  return undefined;
};

const describeUnpullable = async (
  kube: Kube,
  found: NonNullable<ReturnType<typeof findUnpullable>>,
): Promise<Blocker> => {
  const { pod, status } = found;
  const { reason, message } = status.state?.waiting ?? {};
  const image = status.image ?? 'its image';
  const nodes = await kube.list<Node>({ apiVersion: 'v1', kind: 'Node' }).catch(() => []);
  return {
    id: 'gateway.image-pull',
    message: `the node cannot get ${image} for pod ${pod.metadata.name}, container ${status.name}: ${[reason, message].filter(Boolean).join(': ')}`,
    hint: describeImageRemedy(nodes, image),
  };
};

const keyOf = ({ metadata: { uid, name }, count, lastTimestamp }: KubeEvent): string =>
  `${uid ?? name} ${count} ${lastTimestamp}`;

/** A controller's event that it may not create a pod, if no later attempt can succeed. */
const refusalIn = (events: readonly KubeEvent[]): Blocker | undefined => {
  for (const { reason, message = '', involvedObject } of events) {
    const refusal = reason === 'FailedCreate' ? explainAdmission(message) : undefined;
    if (!refusal?.isFinal) continue;
    const owner = `${involvedObject?.kind} ${involvedObject?.name}`;
    return { id: 'gateway.pod-refused', message: `${owner} may not create its pods: ${message}`, hint: refusal.hint };
  }
  return undefined;
};

type Look = (kube: Kube, namespace: string, signal: AbortSignal) => Promise<Blocker | undefined>;

const untilUnpullable: Look = async (kube, namespace, signal) => {
  for await (const pods of kube.watch<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace }, signal)) {
    const found = findUnpullable(pods);
    if (found) return describeUnpullable(kube, found);
  }
  return undefined;
};

/** Events stay for an hour: those that are there at first may be of an earlier run, whose cause is gone. */
const untilRefused: Look = async (kube, namespace, signal) => {
  const selection = { apiVersion: 'v1', kind: 'Event', namespace, fieldSelector: 'reason=FailedCreate' };
  let old: ReadonlySet<string> | undefined;
  for await (const events of kube.watch<KubeEvent>(selection, signal)) {
    old ??= new Set(events.map(keyOf));
    const blocker = refusalIn(events.filter((event) => !old?.has(keyOf(event))));
    if (blocker) return blocker;
  }
  return undefined;
};

const looking = async (look: Look, kube: Kube, namespace: string, signal: AbortSignal): Promise<void> => {
  let blocker: Blocker | undefined;
  try {
    blocker = await look(kube, namespace, signal);
  } catch (error) {
    // who may not look, or is interrupted, waits as before
    if (error instanceof KubeError || error instanceof UserError || signal.aborted) return;
    throw error;
  }
  if (blocker) throw new UserError(blocker.message, { id: blocker.id, hint: blocker.hint });
};

/**
 * Watches, until the signal aborts, for what keeps Contour's and Envoy's pods from ever running. Throws UserError
 * `gateway.pod-refused` for pods that the API server does not admit, and `gateway.image-pull` for an image that a node
 * cannot get.
 */
export const watchForBlockers = async (kube: Kube, spec: GatewaySpec, signal: AbortSignal): Promise<void> => {
  const namespaces = [...new Set([spec.namespace, provisioner.namespace])];
  await Promise.all(
    namespaces.flatMap((namespace) => [
      looking(untilUnpullable, kube, namespace, signal),
      looking(untilRefused, kube, namespace, signal),
    ]),
  );
};
