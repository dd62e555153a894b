/** Both ends belong to the range. */
export type PortRange = { readonly start: number; readonly end: number };

/** Which Gateway it is. */
export type GatewayName = { readonly name: string; readonly namespace: string };

/** Where the master dials tasks. */
export type GatewayEndpoint = GatewayName & {
  /** IP address or host name, as the master sees it. */
  readonly address: string;
  readonly portRange: PortRange;
  /** How many task listeners fit, and what limits them. */
  readonly capacity: { readonly limit: number; readonly because: string };
};
