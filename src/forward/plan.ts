import { type Gateway, isReady, type Pod } from '../lib/kube/shapes.ts';
import type { PortRange } from '../model/gateway-endpoint.ts';
import type { ForwardStatus, ListenerStatus } from '../model/tunnel-status.ts';

export type WantedListener = { readonly name: string; readonly port: number };

/** The listeners to forward, by port: those in the range; the seed listener lies outside. */
export const wantedListeners = (
  gateway: Gateway | undefined,
  { start, end }: PortRange,
): ReadonlyMap<number, WantedListener> =>
  new Map(
    gateway?.spec.listeners.flatMap(({ name, port }) => (port < start || port > end ? [] : [[port, { name, port }]])),
  );

const isServing = (pod: Pod): boolean => !pod.metadata.deletionTimestamp && isReady(pod);

/** A terminating Envoy still serves for some seconds, and a DaemonSet replaces it only after that. */
const isDraining = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp !== undefined && status?.phase === 'Running';

/** Names of the pods that accept connections: the ready ones, or draining ones while there is no other. */
export const servingPods = (pods: readonly Pod[]): readonly string[] => {
  const ready = pods.filter(isServing);
  return (ready.length > 0 ? ready : pods.filter(isDraining)).map(({ metadata }) => metadata.name);
};

export type Seen = {
  /** Why the API server cannot be followed. */
  readonly outage?: string;
  /** Undefined until the first look. */
  readonly gateway?: { readonly name: string; readonly isThere: boolean };
  /** Undefined until the first look. */
  readonly pods?: readonly string[];
  readonly listeners: readonly ListenerStatus[];
};

/** The state of all forwards as one, with the worst problem. */
export const judgeForwards = ({ outage, gateway, pods, listeners }: Seen): Pick<ForwardStatus, 'state' | 'detail'> => {
  if (outage !== undefined) return { state: 'backoff', detail: outage };
  if (!gateway || !pods) return { state: 'starting' };
  if (!gateway.isThere) return { state: 'degraded', detail: `there is no Gateway ${gateway.name}` };
  if (pods.length === 0) return { state: 'degraded', detail: `no Envoy pod of Gateway ${gateway.name} is ready` };
  const blocked = listeners.filter(({ state }) => state === 'backoff');
  const [first] = blocked;
  if (!first) return { state: 'up' };
  const others = blocked.length > 1 ? ` (and ${blocked.length - 1} more)` : '';
  return { state: 'degraded', detail: `${first.detail}${others}` };
};
