import type { Kube } from '../../lib/kube/client.ts';
import { retryOnConflict } from '../../lib/kube/conflict.ts';
import { envoyServiceRef } from '../../model/contour-names.ts';
import type { GatewayName } from '../../model/gateway-endpoint.ts';
import type { Problem } from '../../model/problem.ts';
import { findAddressOwner } from './controller.ts';
import type { EnvoyService } from './envoy-service.ts';

/** Kubernetes takes an empty list of ranges for all addresses; no packet comes from this one. */
const nobody = '0.0.0.0/32';

type Access = { readonly allowFrom: readonly string[] | undefined; readonly isAddressOurs: boolean };

/**
 * The fields of Envoy's Service that limit who reaches its ports: kube-proxy and cloud load balancers drop connections to
 * the load balancer's address from outside `allowFrom` (undefined: all are let in). A port of its own on every node is
 * opened for each listener unless that is switched off, and those have no such limit; a load balancer that another
 * controller runs may need them, and may take minutes to show itself: where all are let in they stay, too. Contour's
 * provisioner neither sets nor compares these fields (v1.33.6, internal/provisioner/equality/equality.go).
 */
const accessOf = ({ allowFrom, isAddressOurs }: Access) => ({
  ...(allowFrom && { loadBalancerSourceRanges: allowFrom.length > 0 ? allowFrom : [nobody] }),
  ...(allowFrom && isAddressOurs && { allocateLoadBalancerNodePorts: false }),
});

const nodePortsOf = ({ spec }: EnvoyService): readonly number[] =>
  (spec?.ports ?? []).flatMap(({ nodePort }) => (nodePort ? [nodePort] : []));

/** Ports that were allocated before stay until they are taken out. */
const dropNodePorts = (kube: Kube, gateway: GatewayName): Promise<void> =>
  retryOnConflict(async () => {
    const service = await kube.get<EnvoyService>(envoyServiceRef(gateway));
    if (service.spec?.allocateLoadBalancerNodePorts !== false || nodePortsOf(service).length === 0) return;
    const ports = service.spec.ports?.map(({ nodePort: _, ...port }) => port);
    await kube.update({ ...service, spec: { ...service.spec, ports } });
  });

/**
 * Limits who reaches Envoy's Service; call it before its address is published. Writes only what differs. False where the
 * Service belongs to somebody else, and stays as it is.
 */
export const restrictAccess = async (
  kube: Kube,
  gateway: GatewayName,
  service: EnvoyService,
  allowFrom: readonly string[] | undefined,
): Promise<boolean> => {
  const wanted = { allowFrom, isAddressOurs: findAddressOwner(service) === undefined };
  if (findAccessDrift(service, wanted).length === 0) return true;
  const access = accessOf(wanted);
  const patch = { spec: { loadBalancerSourceRanges: null, ...access } };
  const after = await kube.patch<EnvoyService>(envoyServiceRef(gateway), patch, { type: 'merge' });
  if (after.spec?.loadBalancerSourceRanges?.join() !== access.loadBalancerSourceRanges?.join()) return false;
  if (access.allocateLoadBalancerNodePorts === false) await dropNodePorts(kube, gateway);
  return true;
};

const findAccessDrift = (service: EnvoyService, access: Access): readonly string[] => {
  const { loadBalancerSourceRanges: wanted = [], allocateLoadBalancerNodePorts } = accessOf(access);
  const ranges = service.spec?.loadBalancerSourceRanges ?? [];
  const nodePorts = nodePortsOf(service);
  return [
    ...(ranges.join() === wanted.join()
      ? []
      : [`lets in ${ranges.join(', ') || 'every address'} instead of ${wanted.join(', ') || 'every address'}`]),
    ...(allocateLoadBalancerNodePorts === false && nodePorts.length > 0
      ? [`is also open on each address of every node, port ${nodePorts.slice(0, 3).join(', ')}`]
      : []),
  ];
};

export type SeenAccess = { readonly problems: readonly Problem[]; readonly nodePorts: readonly number[] };

/**
 * Whether Envoy's Service still lets in those that `up` allowed, and nobody else; and its ports on each address of every
 * node. Nothing where the Service is absent.
 */
export const inspectAccess = async (
  kube: Kube,
  gateway: GatewayName,
  allowFrom: readonly string[] | undefined,
): Promise<SeenAccess> => {
  const ref = envoyServiceRef(gateway);
  const service = await kube.find<EnvoyService>(ref);
  if (!service) return { problems: [], nodePorts: [] };
  const isAddressOurs = findAddressOwner(service) === undefined;
  const hint = 'something else changed the Service; `up` limits it again';
  const problems = findAccessDrift(service, { allowFrom, isAddressOurs }).map(
    (what): Problem => ({ id: 'gateway.access-drift', message: `Service ${ref.metadata.name} ${what}`, hint }),
  );
  return { problems, nodePorts: nodePortsOf(service) };
};
