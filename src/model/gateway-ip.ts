import type { GatewayEndpoint, PublishedGateway } from './gateway-endpoint.ts';

/**
 * The master's `gateway_ip`: the address in the Gateway's status, or that of forwards on this host where the node is not
 * reached. Tested in test/commands/up/reach-gateway.test.ts.
 */
export const endpointOf = (
  { publishedAddress, ...gateway }: PublishedGateway,
  forwardAddress?: string,
): GatewayEndpoint => ({
  ...gateway,
  address: forwardAddress ?? publishedAddress,
});
