import { isIP } from 'node:net';
import { UserError } from '../../lib/errors.ts';
import type { Kube } from '../../lib/kube/client.ts';
import type { Report } from '../../lib/progress.ts';
import { type Verdict, waitUntil } from '../../lib/wait.ts';
import { envoyServiceRef } from '../../model/contour-names.ts';
import type { GatewaySpec } from '../spec.ts';
import { findAddressOwner, findLateOwner, isControllerLikely } from './controller.ts';
import type { EnvoyService } from './envoy-service.ts';
import { newestWarning } from './events.ts';

export type WaitInput = { readonly timeoutMs: number; readonly signal?: AbortSignal };

/** The patch that sets the address in the status of Envoy's Service; undefined if it is set already. */
export const loadBalancerPatch = ({ status }: EnvoyService, ip: string): object | undefined => {
  const [first, ...more] = status?.loadBalancer?.ingress ?? [];
  if (first?.ip === ip && first.ipMode === 'VIP' && more.length === 0) return undefined;
  return { status: { loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] } } };
};

const isThere = (services: readonly EnvoyService[]): Verdict =>
  services.length > 0 || 'the provisioner has not created it yet';

type AddressInput = WaitInput & {
  readonly address: string;
  /** How long a load balancer controller of the cluster may take for its address, where one is likely. */
  readonly controllerMs?: number;
  readonly report?: Report;
  /** Work on the Service that must be done before it gets its address. */
  readonly before?: (service: EnvoyService) => Promise<void>;
};

/**
 * Waits for Envoy's Service and sets `address` as its load balancer's, which makes kube-proxy serve every listener port
 * there and Contour copy the address to the Gateway. Writes only what differs; an address that a load balancer controller
 * of the cluster has set is kept. Resolves with the resulting address.
 * Throws UserError `gateway.bad-address` if it is not an IP address, `gateway.no-service` at the deadline.
 */
export const setLoadBalancerAddress = async (
  kube: Kube,
  spec: GatewaySpec,
  { address, timeoutMs, controllerMs = 0, signal, report, before }: AddressInput,
): Promise<string> => {
  if (!isIP(address)) {
    throw new UserError(`gateway address '${address}' is not an IP address`, {
      id: 'gateway.bad-address',
      hint: 'kube-proxy serves IP addresses only; use the address of the node',
    });
  }
  const ref = envoyServiceRef(spec);
  const { apiVersion, kind, metadata } = ref;
  const [service] = await waitUntil(
    `Service ${metadata.name}`,
    (until) => kube.watch<EnvoyService>({ apiVersion, kind, ...metadata }, until),
    isThere,
    {
      timeoutMs,
      id: 'gateway.no-service',
      hint: 'the provisioner creates it; see the log of deployment/contour-gateway-provisioner in namespace projectcontour',
      explain: () => newestWarning(kube, spec.namespace),
      signal,
    },
  );
  if (service) await before?.(service);
  const late = async () =>
    controllerMs > 0 && (await isControllerLikely(kube)) ? findLateOwner(kube, spec, controllerMs, signal) : undefined;
  const owner = service && (findAddressOwner(service) ?? (await late()));
  if (owner) {
    report?.(`the Gateway keeps its address ${owner.address}, which ${owner.manager} has set`);
    return owner.address;
  }
  const patch = service && loadBalancerPatch(service, address);
  if (patch) await kube.patch(ref, patch, { type: 'merge', subresource: 'status' });
  return address;
};
