import type { Condition, Gateway } from '../../lib/kube/shapes.ts';
import type { GatewayEndpoint } from '../../model/gateway-endpoint.ts';
import type { Finding } from '../../model/path.ts';
import type { DialFailure } from '../probe/dial.ts';
import type { TaskPort } from '../sample-task/task.ts';
import type { Observed, PathView, PortView, Service } from './path-view.ts';

/** The hops of the forward path, in order: to the gateway's address, to Envoy, to the TCPRoute, the Service, the pod. */
export const forwardHops = ['address', 'envoy', 'route', 'service', 'pod'] as const;
export type ForwardHop = (typeof forwardHops)[number];

/** The first broken hop of one exposed port, and why. */
export type BrokenHop = { readonly hop: ForwardHop; readonly finding: Finding };

/** What is known about a port without the right answer. */
export type BrokenPath = {
  readonly view: PathView;
  readonly port: PortView;
  readonly exposure: TaskPort;
  readonly gateway: GatewayEndpoint;
  readonly outcome: DialFailure;
  readonly seen: string;
  /** This host's own link to the node, where the node is on this host. */
  readonly link?: string | undefined;
};

/** Recognises one cause. */
export type HopRule = (path: BrokenPath) => BrokenHop | undefined;

export const broken = (hop: ForwardHop, cause: string, hint: string): BrokenHop => ({
  hop,
  finding: { cause, hint },
});

/**
 * What listens on a published port takes every connection, and closes it at once where nothing is behind: that is a refusal,
 * unless the Service has no pod, on whose behalf Envoy does the same.
 */
export const refusedBehind = ({ outcome, gateway, port: { slices } }: BrokenPath): boolean =>
  outcome === 'closed' &&
  gateway.via === 'published' &&
  slices.some(({ endpoints }) => endpoints?.some(({ conditions }) => conditions?.ready !== false));

/** Whether Envoy probably accepted the connection: then no earlier hop is broken. */
export const reachedEnvoy = (path: BrokenPath): boolean =>
  ['closed', 'silent'].includes(path.outcome) && !refusedBehind(path);

const ifSeen = <T extends object>(observed: Observed<T>): T | undefined =>
  typeof observed === 'string' ? undefined : observed;

/** The Gateway, if it was seen. */
export const findGateway = ({ view: { gateway } }: BrokenPath): Gateway | undefined => ifSeen(gateway);

/** What the Gateways say of a TCPRoute, if it was seen. */
export const routeConditions = ({ route }: PortView): readonly Condition[] =>
  (ifSeen(route)?.status?.parents ?? []).flatMap(({ conditions }) => conditions ?? []);

/** Whether a Service has a port; not if it is absent. */
export const hasPort = (service: Observed<Service>, wanted: number): boolean =>
  ifSeen(service)?.spec?.ports?.some(({ port }) => port === wanted) ?? false;

/** A condition that is False, as text. */
export const findFalse = (conditions: readonly Condition[] | undefined, ...types: readonly string[]) => {
  const condition = conditions?.find(({ type, status }) => types.includes(type) && status === 'False');
  return condition && `${condition.type}=False, ${condition.reason ?? 'no reason'}: ${condition.message ?? ''}`;
};
