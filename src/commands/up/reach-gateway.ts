import type { Config } from '../../config/config.ts';
import { findCurrentSpec } from '../../daemon/spec.ts';
import type { WantedTunnels } from '../../daemon/wanted.ts';
import { type GatewayReach, probeReach } from '../../forward/reach.ts';
import type { AttachTarget } from '../../instance/record.ts';
import { isInRanges, isLoopback } from '../../lib/cidr.ts';
import { UserError } from '../../lib/errors.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { GatewayEndpoint, PublishedGateway } from '../../model/gateway-endpoint.ts';
import { endpointOf } from '../../model/gateway-ip.ts';
import { checkHealth, unchanged } from './check-health.ts';
import { checkMachine } from './check-machine.ts';
import { upStep } from './context.ts';
import { awaitGateway } from './install-gateway.ts';
import { openReversePath, settleTunnels } from './open-reverse-path.ts';
import { startCluster } from './start-cluster.ts';

const patienceMs = 3_000;
/** Where a node answers if anything does: API server, kubelet, sshd. */
const nodePorts = [6443, 8443, 10250, 22];

/** Throws UserError `gateway.host-not-allowed` where the node is to be dialed, and `gateway.allowFrom` forbids it. */
const findReach = async (
  { reach, seedPort }: Config['gateway'],
  { publishedAddress: address, allowFrom }: PublishedGateway,
  { hostAddress }: Cluster,
): Promise<GatewayReach> => {
  const isShutOut = allowFrom !== undefined && !isInRanges(hostAddress, allowFrom);
  if (isShutOut && reach === 'node') {
    throw new UserError(
      `gateway.allowFrom (${allowFrom.join(', ') || 'none'}) does not let in this host, ${hostAddress}`,
      {
        id: 'gateway.host-not-allowed',
        hint: `add ${hostAddress} to it, or use --gateway-reach forward`,
      },
    );
  }
  if (isShutOut) return { via: 'forward', because: `gateway.allowFrom does not let in this host, ${hostAddress}` };
  if (reach !== 'auto') return { via: reach, because: `gateway.reach is ${reach}` };
  return probeReach(address, [seedPort, ...nodePorts], patienceMs);
};

const forwardOf = (
  { name, namespace, portRange }: PublishedGateway,
  { kubeconfigPath, kubeContext, attach }: Cluster & { readonly attach?: AttachTarget | undefined },
  { gateway, tunnel }: Config,
): NonNullable<WantedTunnels['forward']> => ({
  ...{ kubeconfigPath, kubeContext, gateway: { name, namespace }, address: gateway.forwardAddress, portRange },
  ...(attach && { attach }),
  ...(!isLoopback(gateway.forwardAddress) && { ttlHours: tunnel.ttlHours }),
});

/** At the node's address where this host routes to it; else forwards on an address of this host follow the listeners. */
export const reachGateway = upStep({
  title: 'Reach the Gateway from this host',
  needs: {
    ...{ machine: checkMachine, health: checkHealth, started: startCluster },
    ...{ published: awaitGateway, reverse: openReversePath },
  },
  skip: ({ health }) => health !== undefined && { because: unchanged(health), value: health.gateway },
  run: async ({ machine: { instance }, started, published, reverse }, context, tools): Promise<GatewayEndpoint> => {
    if (!published) throw new Error('an instance that is not healthy has published its Gateway');
    const { via, because } = await findReach(context.config.gateway, published, started.cluster);
    const place = { ...started.cluster, attach: instance.record().attach };
    const forward = via === 'forward' ? forwardOf(published, place, context.config) : undefined;
    const kept = (await findCurrentSpec(instance))?.forward;
    const { tunnel } = reverse;
    if (forward || kept) {
      const wanted = { ...(tunnel && { tunnel }), ...(forward && { forward }) };
      await settleTunnels({ instance, wanted }, context, tools);
    }
    const endpoint = endpointOf(published, forward?.address);
    await instance.change({ gateway: endpoint });
    tools.note(`${forward ? `by forwards on ${forward.address}` : `at ${endpoint.address}`}: ${because}`);
    return endpoint;
  },
});
