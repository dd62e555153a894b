// Tested in test/gateway/ready/controller.test.ts
import type { KubeObject, ObjectMeta } from '../../lib/kube/types.ts';

type Ingress = { readonly ip?: string; readonly hostname?: string; readonly ipMode?: string };

type ManagedFields = {
  readonly manager?: string;
  readonly subresource?: string;
  readonly fieldsV1?: { readonly 'f:status'?: { readonly 'f:loadBalancer'?: unknown } };
};

/** The fields of a Service of type LoadBalancer that are read here. */
export type EnvoyService = KubeObject & {
  readonly metadata: ObjectMeta & { readonly managedFields?: readonly ManagedFields[] };
  readonly spec?: {
    readonly type?: string;
    readonly ports?: readonly { readonly port: number; readonly nodePort?: number }[];
    readonly loadBalancerSourceRanges?: readonly string[];
    readonly allocateLoadBalancerNodePorts?: boolean;
  };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly Ingress[] } };
};

/** The address that a Service of type LoadBalancer has: of several the first, an IP address or a name. */
export const loadBalancerAddress = ({ status }: EnvoyService): string | undefined => {
  const ingress = status?.loadBalancer?.ingress?.[0];
  return ingress?.ip ?? ingress?.hostname;
};
