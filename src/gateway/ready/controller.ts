import { UserError } from '../../lib/errors.ts';
import { fieldManager, type Kube, KubeError } from '../../lib/kube/client.ts';
import type { Node } from '../../lib/kube/shapes.ts';
import { type Verdict, waitUntil } from '../../lib/wait.ts';
import { envoyServiceRef } from '../../model/contour-names.ts';
import type { GatewaySpec } from '../spec.ts';
import { type EnvoyService, loadBalancerAddress } from './envoy-service.ts';

export type AddressOwner = { readonly manager: string; readonly address: string };

/** Another controller that has set the Service's address: MetalLB, `minikube tunnel`, a cloud's controller. */
export const findAddressOwner = (service: EnvoyService): AddressOwner | undefined => {
  const address = loadBalancerAddress(service);
  const writer = service.metadata.managedFields?.find(
    ({ subresource, fieldsV1 }) => subresource === 'status' && fieldsV1?.['f:status']?.['f:loadBalancer'] !== undefined,
  );
  const manager = writer?.manager;
  return address && manager && manager !== fieldManager ? { manager, address } : undefined;
};

/** Node names of clouds whose controller gives each Service of type LoadBalancer an address, and of k3s, whose servicelb does. */
const withController = /^(aws|azure|gce|digitalocean|hcloud|ibm|k3s|linode|oci|openstack|ovh|scaleway|vultr):\/\//;

/** Whether a load balancer controller is likely to serve this cluster; false where that cannot be read. */
export const isControllerLikely = async (kube: Kube): Promise<boolean> => {
  try {
    const nodes = await kube.list<Node>({ apiVersion: 'v1', kind: 'Node' });
    if (nodes.some(({ spec }) => withController.test(spec?.providerID ?? ''))) return true;
    return (
      (await kube.find({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'metallb-system' } })) !== undefined
    );
  } catch (error) {
    if (error instanceof KubeError) return false;
    throw error;
  }
};

const timedOut = 'gateway.no-address';

/** The controller that sets the Service's address within this time, if one does. */
export const findLateOwner = async (
  kube: Kube,
  spec: GatewaySpec,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<AddressOwner | undefined> => {
  const { apiVersion, kind, metadata } = envoyServiceRef(spec);
  const source = (until: AbortSignal) => kube.watch<EnvoyService>({ apiVersion, kind, ...metadata }, until);
  const judge = ([service]: readonly EnvoyService[]): Verdict =>
    (service && findAddressOwner(service) !== undefined) || 'no controller has set its address yet';
  const options = { timeoutMs, id: timedOut, signal } as const;
  try {
    const [service] = await waitUntil(`Service ${metadata.name}`, source, judge, options);
    return service && findAddressOwner(service);
  } catch (error) {
    if (!(error instanceof UserError) || error.id !== timedOut) throw error;
    return undefined;
  }
};
