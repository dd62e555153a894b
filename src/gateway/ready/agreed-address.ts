import type { Kube } from '../../lib/kube/client.ts';
import type { Gateway } from '../../lib/kube/shapes.ts';
import type { Report } from '../../lib/progress.ts';
import { type Verdict, waitUntil } from '../../lib/wait.ts';
import { envoyName, envoyServiceRef } from '../../model/contour-names.ts';
import { gatewayKind, gatewayRef } from '../../model/gateway-api.ts';
import type { GatewayName } from '../../model/gateway-endpoint.ts';
import type { GatewaySpec } from '../spec.ts';
import type { WaitInput } from './address.ts';
import { type EnvoyService, loadBalancerAddress } from './envoy-service.ts';
import { newestWarning } from './events.ts';

const agreedAddress = (gateway: Gateway | undefined, service: EnvoyService | undefined): string | undefined => {
  const address = service && loadBalancerAddress(service);
  return gateway?.status?.addresses?.some(({ value }) => value === address) ? address : undefined;
};

/**
 * The address that Envoy's Service has and that Contour has copied to the Gateway, once both agree: a load balancer
 * controller may set another one than taskgate's, seconds or minutes later. Throws UserError `gateway.no-address`.
 */
export const awaitAgreedAddress = async (
  kube: Kube,
  spec: GatewaySpec,
  { timeoutMs, signal, report }: WaitInput & { readonly report?: Report },
): Promise<string> => {
  const { name, namespace } = spec;
  const what = `Gateway ${name}'s address`;
  const source = async function* (until: AbortSignal) {
    for await (const [gateway] of kube.watch<Gateway>({ ...gatewayKind, namespace, name }, until)) {
      yield { gateway, service: await kube.find<EnvoyService>(envoyServiceRef(spec)) };
    }
  };
  const judge = ({
    gateway,
    service,
  }: {
    readonly gateway?: Gateway | undefined;
    readonly service?: EnvoyService | undefined;
  }): Verdict => {
    if (agreedAddress(gateway, service) !== undefined) return true;
    const seen = gateway?.status?.addresses?.map(({ value }) => value).join(', ') || 'none yet';
    return `it has ${seen}, its Service ${(service && loadBalancerAddress(service)) ?? 'none'}`;
  };
  const { gateway, service } = await waitUntil(what, source, judge, {
    timeoutMs,
    id: 'gateway.no-address',
    hint: addressHint(spec),
    explain: () => newestWarning(kube, namespace),
    signal,
    onVerdict: (state) => report?.({ name: what, state }),
  });
  return agreedAddress(gateway, service) as string;
};

/** Where a Gateway's address comes from. */
export const addressHint = (spec: GatewaySpec): string =>
  `Contour copies it from service/${envoyName(spec)}; does another controller write that Service's status?`;

/** The same by one look; undefined while the two differ, or one of them is not there. */
export const findAgreedAddress = async (kube: Kube, { name, namespace }: GatewayName): Promise<string | undefined> => {
  const [gateway, service] = await Promise.all([
    kube.find<Gateway>(gatewayRef({ name, namespace })),
    kube.find<EnvoyService>(envoyServiceRef({ name, namespace })),
  ]);
  return agreedAddress(gateway, service);
};
