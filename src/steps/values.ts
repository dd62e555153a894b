/** What makes clusters; `attach` makes none and works with one that runs. */
export type ProviderName = 'native' | 'minikube' | 'attach';

/** A running cluster. Made by a cluster provider. */
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
};

/** Both ends belong to the range. */
export type PortRange = { readonly start: number; readonly end: number };

/** Where the master dials tasks. Made by gateway. */
export type GatewayEndpoint = {
  readonly name: string;
  readonly namespace: string;
  /** IP address or host name, as the master sees it. */
  readonly address: string;
  readonly portRange: PortRange;
  /** How many task listeners fit, and what limits them. */
  readonly capacity: { readonly limit: number; readonly because: string };
};

export type TunnelKind = 'ssh' | 'ngrok';

/** Where tasks dial the master. Made by tunnel. */
export type MasterEndpoint = {
  readonly scheme: 'http' | 'https';
  /** As pods see it. */
  readonly host: string;
  readonly port: number;
  /** How it is reached: the host's own address, a tunnel that taskgate keeps, or an address that the user has. */
  readonly via: 'direct' | TunnelKind | 'url';
};

/** A cause that was found for a broken hop: what was seen, and what to do about it. */
export type Finding = { readonly cause: string; readonly hint: string };

/** One step of the path, proven or broken. */
export type Hop = {
  readonly direction: 'forward' | 'reverse';
  readonly from: string;
  readonly to: string;
  readonly ok: boolean;
  readonly latencyMs?: number;
  /** What shows that it works, or what was seen instead. */
  readonly evidence: string;
  readonly finding?: Finding;
};

export type Proof = { readonly ok: boolean; readonly hops: readonly Hop[] };
