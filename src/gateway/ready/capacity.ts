import { messageOf, UserError } from '../../lib/errors.ts';
import { type Kube, KubeError } from '../../lib/kube/client.ts';
import { retryOnConflict } from '../../lib/kube/conflict.ts';
import type { Gateway, Listener } from '../../lib/kube/shapes.ts';
import { gatewayRef } from '../../model/gateway-api.ts';
import type { GatewayEndpoint } from '../../model/gateway-endpoint.ts';
import { taskListener } from '../../model/task-listener.ts';
import { type CRD, listenerLimits } from '../install/listener-limit.ts';
import { crdKind, type GatewaySpec, gatewaysCRDName } from '../spec.ts';

type Ports = Pick<GatewaySpec, 'portRange'>;
export type Capacity = GatewayEndpoint['capacity'];

const isTaskListener = ({ port }: Listener, { portRange }: Ports): boolean =>
  port >= portRange.start && port <= portRange.end;

/** How many task listeners fit: what the CRD allows besides listeners outside the range, or the size of the range. */
export const capacityOf = (spec: GatewaySpec, listeners: readonly Listener[], maxItems: number): Capacity => {
  const { start, end } = spec.portRange;
  const ports = end - start + 1;
  const others = listeners.filter((listener) => !isTaskListener(listener, spec)).length;
  const room = Math.max(0, maxItems - others);
  if (ports <= room) return { limit: ports, because: `the range ${start}-${end} has ${ports} ports` };
  return { limit: room, because: `the Gateway may have ${maxItems} listeners, ${others} of them outside the range` };
};

/** The Gateway as it would be with `limit` task listeners; existing ones are kept unchanged. */
export const filledGateway = (gateway: Gateway, spec: Ports, limit: number): Gateway => {
  const { listeners } = gateway.spec;
  const taken = new Set(listeners.map(({ port }) => port));
  const missing = limit - listeners.filter((listener) => isTaskListener(listener, spec)).length;
  const { start, end } = spec.portRange;
  const free = Array.from({ length: end - start + 1 }, (_, index) => start + index).filter((port) => !taken.has(port));
  return {
    ...gateway,
    spec: { ...gateway.spec, listeners: [...listeners, ...free.slice(0, Math.max(0, missing)).map(taskListener)] },
  };
};

/** Explains why the API server refuses so many listeners. */
export const explainRefusal = (message: string): { readonly seen: string; readonly hint: string } => {
  const limit = /must have at most (\d+) items?/.exec(message)?.[1];
  if (limit) {
    return {
      seen: `the Gateway CRD allows only ${limit} listeners`,
      hint: 'the CRD was overwritten; run `taskgate up` again, it raises the limit',
    };
  }
  if (/actual cost limit exceeded|rule cost exceeds budget|call cost exceeds limit/.test(message)) {
    return {
      seen: 'checking that many listeners costs more than the API server allows (CEL)',
      hint: 'a listener limit above 213 removes the two costly rules; raise the limit above that, or choose a smaller port range',
    };
  }
  return { seen: message, hint: "the message is the API server's; see `kubectl get gateway -o yaml`" };
};

/**
 * Proves by a server-side dry run that the Gateway accepts as many task listeners as the result claims, besides those it has.
 * Throws UserError `gateway.no-capacity` with the explained reason if the API server refuses.
 */
export const proveCapacity = async (kube: Kube, spec: GatewaySpec): Promise<Capacity> => {
  const crd = await kube.get<CRD>({ ...crdKind, metadata: { name: gatewaysCRDName } });
  const limits = listenerLimits(crd).flatMap((one) => [one.spec ?? Infinity, one.status ?? Infinity]);
  let tried: Capacity | undefined;
  try {
    return await retryOnConflict(async () => {
      tried = undefined;
      const gateway = await kube.get<Gateway>(gatewayRef(spec));
      tried = capacityOf(spec, gateway.spec.listeners, Math.min(...limits));
      await kube.update(filledGateway(gateway, spec, tried.limit), { dryRun: true });
      return tried;
    });
  } catch (error) {
    if (tried && error instanceof KubeError) throw refused(tried.limit, spec, error);
    throw error;
  }
};

const refused = (limit: number, { name }: GatewaySpec, error: KubeError): UserError => {
  const { seen, hint } = explainRefusal(messageOf(error));
  return new UserError(`Gateway ${name} does not accept ${limit} task listeners: ${seen}`, {
    id: 'gateway.no-capacity',
    hint,
    cause: error,
  });
};
