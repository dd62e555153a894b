import { UserError } from '../../lib/errors.ts';
import { type Kube, KubeError } from '../../lib/kube/client.ts';
import type { ContainerStatus, KubeEvent, Node, Pod, Reason } from '../../lib/kube/shapes.ts';
import type { Selection } from '../../lib/kube/types.ts';
import { contourPods, envoyPods } from '../../model/contour-names.ts';
import { describeImageRemedy, pullFailures } from '../../model/image-remedy.ts';
import { explainAdmission } from '../../model/security/admission.ts';
import { type GatewaySpec, provisioner, provisionerPods } from '../spec.ts';

type Blocker = {
  readonly id: 'gateway.pod-refused' | 'gateway.image-pull';
  readonly message: string;
  readonly hint: string;
};

/** kubelet has tried, and waits longer and longer from here on: up to five minutes between two attempts. */
const backOff = 'ImagePullBackOff';

type Container = { readonly pod: Pod; readonly status: ContainerStatus; readonly waiting: Reason };

const keyOfContainer = ({ pod: { metadata }, status, waiting }: Container): string =>
  `${metadata.uid ?? metadata.name} ${status.name} ${JSON.stringify(waiting)}`;

/** The containers whose image their node cannot get. A pod that is being deleted is none that anybody waits for. */
const listUnpullable = (pods: readonly Pod[]): readonly Container[] =>
  pods
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .flatMap((pod) => {
      const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
      return [...initContainerStatuses, ...containerStatuses].flatMap((status) => {
        const waiting = status.state?.waiting;
        return waiting?.reason && pullFailures.includes(waiting.reason) ? [{ pod, status, waiting }] : [];
      });
    });

/**
 * Judges each list of a watch by the first one: what backed off then may be of an earlier run, whose cause is gone, and
 * counts only after the next attempt. That one shows as `ErrImagePull` (kubelet, pkg/kubelet/images/image_manager.go), and
 * comes the sooner the younger the pod is.
 */
export const unpullableFinder = () => {
  let old: Set<string> | undefined;
  return (pods: readonly Pod[]): Container | undefined => {
    const failing = listUnpullable(pods);
    const backingOff = new Set(failing.filter(({ waiting }) => waiting.reason === backOff).map(keyOfContainer));
    const before = old?.intersection(backingOff) ?? backingOff;
    old = before;
    return failing.find((container) => !before.has(keyOfContainer(container)));
  };
};

const describeUnpullable = async (kube: Kube, { pod, status, waiting }: Container): Promise<Blocker> => {
  const { reason, message } = waiting;
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

type Look = (kube: Kube, selection: Selection, signal: AbortSignal) => Promise<Blocker | undefined>;

const untilUnpullable: Look = async (kube, selection, signal) => {
  const find = unpullableFinder();
  for await (const pods of kube.watch<Pod>(selection, signal)) {
    const found = find(pods);
    if (found) return describeUnpullable(kube, found);
  }
  return undefined;
};

/** Events stay for an hour: those that are there at first may be of an earlier run, whose cause is gone. */
const untilRefused: Look = async (kube, selection, signal) => {
  let old: ReadonlySet<string> | undefined;
  for await (const events of kube.watch<KubeEvent>(selection, signal)) {
    const before = old ?? new Set(events.map(keyOf));
    old = before;
    const blocker = refusalIn(events.filter((event) => !before.has(keyOf(event))));
    if (blocker) return blocker;
  }
  return undefined;
};

const refusalsIn = (namespace: string): Selection => ({
  ...{ apiVersion: 'v1', kind: 'Event', namespace },
  fieldSelector: 'reason=FailedCreate',
});

const looking = async (look: Look, ...[kube, selection, signal]: Parameters<Look>): Promise<void> => {
  let blocker: Blocker | undefined;
  try {
    blocker = await look(kube, selection, signal);
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
  const pods = [provisionerPods, contourPods(spec), envoyPods(spec)];
  await Promise.all([
    ...pods.map((selection) => looking(untilUnpullable, kube, selection, signal)),
    ...namespaces.map((namespace) => looking(untilRefused, kube, refusalsIn(namespace), signal)),
  ]);
};
