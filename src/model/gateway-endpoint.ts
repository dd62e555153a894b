/** Both ends belong to the range. */
export type PortRange = { readonly start: number; readonly end: number };

export type GatewayName = { readonly name: string; readonly namespace: string };

/** A Gateway that carries traffic. */
type CarryingGateway = GatewayName & {
  readonly portRange: PortRange;
  /** How many task listeners fit, and what limits them. */
  readonly capacity: { readonly limit: number; readonly because: string };
  /** Ranges from which connections to the published address are let in; absent: from everywhere. */
  readonly allowFrom?: readonly string[];
};

/** A Gateway as its own status shows it. */
export type PublishedGateway = CarryingGateway & { readonly publishedAddress: string };

/**
 * How this host reaches the Gateway's listeners: at the node's address, by ports of the node that are published on this
 * host, or by forwards on this host.
 */
export type GatewayVia = 'node' | 'published' | 'forward';

/** Where the master dials tasks; `address` is its `gateway_ip`. */
export type GatewayEndpoint = CarryingGateway & {
  /** IP address or host name, as the master and this host reach it: the Gateway's own, or one of this host. */
  readonly address: string;
  /** Absent for the node, and in records of older forwards: see {@link viaOf}. */
  readonly via?: GatewayVia;
};
