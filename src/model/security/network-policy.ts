import type { KubeObject } from '../../lib/kube/types.ts';

export const networkPolicyKind = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' } as const;

type Selector = {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: 'Exists' }[];
};

/** Whom a rule lets in, or whom it lets be dialed. */
export type Peer =
  | { readonly ipBlock: { readonly cidr: string } }
  | { readonly podSelector: Selector; readonly namespaceSelector?: Selector };

type Port = { readonly protocol: 'TCP' | 'UDP'; readonly port: number };

/** The parts of a NetworkPolicy that taskgate writes. */
export type NetworkPolicy = KubeObject & {
  readonly spec: {
    readonly podSelector: Selector;
    readonly policyTypes: readonly ('Ingress' | 'Egress')[];
    readonly ingress: readonly { readonly from: readonly Peer[] }[];
    /** A rule without `to` is about every address. */
    readonly egress: readonly { readonly to?: readonly Peer[]; readonly ports?: readonly Port[] }[];
  };
};
