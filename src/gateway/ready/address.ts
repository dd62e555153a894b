import { isIP } from 'node:net';
import { UserError } from '../../lib/errors.ts';
import { fieldManager, type Kube } from '../../lib/kube/client.ts';
import type { KubeObject, ObjectMeta } from '../../lib/kube/types.ts';
import type { Report } from '../../lib/progress.ts';
import { type Verdict, waitUntil } from '../../lib/wait.ts';
import { envoyServiceRef } from '../../model/contour-names.ts';
import type { GatewaySpec } from '../spec.ts';
import { newestWarning } from './events.ts';

type Ingress = { readonly ip?: string; readonly hostname?: string; readonly ipMode?: string };

type ManagedFields = {
  readonly manager?: string;
  readonly subresource?: string;
  readonly fieldsV1?: { readonly 'f:status'?: { readonly 'f:loadBalancer'?: unknown } };
};

/** A Service of type LoadBalancer, as far as we read it. */
export type EnvoyService = KubeObject & {
  readonly metadata: ObjectMeta & { readonly managedFields?: readonly ManagedFields[] };
  readonly spec?: { readonly type?: string; readonly ports?: readonly { readonly port: number }[] };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly Ingress[] } };
};

export type WaitInput = { readonly timeoutMs: number; readonly signal?: AbortSignal };

export type AddressOwner = { readonly manager: string; readonly address: string };

/** Who else gave the Service its address, and which: MetalLB, `minikube tunnel`, a cloud's controller. */
export const findAddressOwner = ({ metadata, status }: EnvoyService): AddressOwner | undefined => {
  const [ingress] = status?.loadBalancer?.ingress ?? [];
  const address = ingress?.ip ?? ingress?.hostname;
  const writer = metadata.managedFields?.find(
    ({ subresource, fieldsV1 }) => subresource === 'status' && fieldsV1?.['f:status']?.['f:loadBalancer'] !== undefined,
  );
  const manager = writer?.manager;
  return address && manager && manager !== fieldManager ? { manager, address } : undefined;
};

/** What the status of Envoy's Service should say, or undefined when it says so already. */
export const loadBalancerPatch = ({ status }: EnvoyService, ip: string): object | undefined => {
  const [first, ...more] = status?.loadBalancer?.ingress ?? [];
  if (first?.ip === ip && first.ipMode === 'VIP' && more.length === 0) return undefined;
  return { status: { loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] } } };
};

const isThere = (services: readonly EnvoyService[]): Verdict => services.length > 0 || 'the provisioner made none yet';

/**
 * Waits for Envoy's Service and gives it `address` as its load balancer's, which makes kube-proxy serve every listener
 * port there and Contour copy the address to the Gateway. Writes only what differs; an address that a load balancer
 * controller of the cluster's gave it stays. Resolves with the address that it has then.
 * Throws UserError `gateway.bad-address` when it is no IP address, `gateway.no-service` at the deadline.
 */
export const setLoadBalancerAddress = async (
  kube: Kube,
  spec: GatewaySpec,
  { address, timeoutMs, signal, report }: WaitInput & { readonly address: string; readonly report?: Report },
): Promise<string> => {
  if (!isIP(address)) {
    throw new UserError(`gateway address '${address}' is not an IP address`, {
      id: 'gateway.bad-address',
      hint: 'kube-proxy serves addresses only; give the address of the node',
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
      hint: 'the provisioner makes it; look at the log of deployment/contour-gateway-provisioner in namespace projectcontour',
      explain: () => newestWarning(kube, spec.namespace),
      ...(signal && { signal }),
    },
  );
  const owner = service && findAddressOwner(service);
  if (owner) {
    report?.(`${owner.manager} gave the Gateway the address ${owner.address}, which stays`);
    return owner.address;
  }
  const patch = service && loadBalancerPatch(service, address);
  if (patch) await kube.patch(ref, patch, { type: 'merge', subresource: 'status' });
  return address;
};
