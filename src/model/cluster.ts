import type { PortRange } from './gateway-endpoint.ts';

/** What creates clusters; `attach` creates none and uses a running one. */
export type ProviderName = 'native' | 'minikube' | 'attach';

/** Ports of a node that this host has under the same numbers at an address of its own, fixed when the node was made. */
export type PublishedPorts = { readonly address: string; readonly portRange: PortRange };

/** A running cluster, as a provider describes it. */
export type Cluster = {
  readonly name: string;
  readonly provider: ProviderName;
  readonly kubeconfigPath: string;
  readonly kubeContext: string;
  /** Name of the node that must be ready; of an attached cluster, the one whose address the Gateway gets. */
  readonly nodeName: string;
  /** The node's address as the host dials it. */
  readonly nodeAddress: string;
  /** The host's address as pods dial it. */
  readonly hostAddress: string;
  /** What this host has of the node's ports; `from`: where the node sees connections to them come from. */
  readonly published?: PublishedPorts & { readonly from?: string };
};

/**
 * What pods of a native node reach behind its link to this host. `master`: the master's port at the address that tasks dial.
 * `host`: that, and all of this host at its end of the link. `all`: no rule.
 */
export type Egress = 'master' | 'host' | 'all';
