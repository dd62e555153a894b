import type { GatewayEndpoint, GatewayVia, PublishedGateway } from './gateway-endpoint.ts';

/**
 * The master's `gateway_ip`: the address in the Gateway's status, or one of this host where the node is not reached.
 * Tested in test/commands/up/reach-gateway.test.ts.
 */
export const endpointOf = (
  { publishedAddress, ...gateway }: PublishedGateway,
  here?: { readonly via: GatewayVia; readonly address: string },
): GatewayEndpoint => ({
  ...gateway,
  address: publishedAddress,
  ...here,
});

/** How a Gateway is reached. An older record does not say it, and knows no published ports. */
export const viaOf = ({ via, address }: GatewayEndpoint, publishedAddress: string | undefined): GatewayVia =>
  via ?? (publishedAddress !== undefined && address !== publishedAddress ? 'forward' : 'node');
