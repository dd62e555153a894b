import type { Config } from '../../config/config.ts';
import { findCurrentSpec } from '../../daemon/spec.ts';
import type { WantedTunnels } from '../../daemon/wanted.ts';
import { type GatewayReach, probeReach } from '../../forward/reach.ts';
import { findAgreedAddress } from '../../gateway/ready/agreed-address.ts';
import type { Instance } from '../../instance/instance.ts';
import type { AttachTarget } from '../../instance/record.ts';
import { isInRanges, isLoopback } from '../../lib/cidr.ts';
import { UserError } from '../../lib/errors.ts';
import type { Kube } from '../../lib/kube/client.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { GatewayEndpoint, GatewayVia, PortRange, PublishedGateway } from '../../model/gateway-endpoint.ts';
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

type Allowed = PublishedGateway['allowFrom'];

const isShutOut = (from: string, allowFrom: Allowed): boolean =>
  allowFrom !== undefined && !isInRanges(from, allowFrom);

const refuseHost = (from: string, allowFrom: Allowed): never => {
  throw new UserError(`gateway.allowFrom (${allowFrom?.join(', ') || 'none'}) does not let in this host, ${from}`, {
    id: 'gateway.host-not-allowed',
    hint: `add ${from} to it, or use --gateway-reach forward`,
  });
};

/** The published ports of the cluster, if they are all of the range. */
const findPublished = ({ published }: Cluster, { start, end }: PortRange): Cluster['published'] =>
  published && published.portRange.start <= start && published.portRange.end >= end ? published : undefined;

const getPublished = (cluster: Cluster, range: PortRange): NonNullable<Cluster['published']> => {
  const found = findPublished(cluster, range);
  if (found) return found;
  throw new UserError(`gateway.reach is published, but the node's ports ${range.start}-${range.end} are not`, {
    id: 'gateway.not-published',
    hint: 'ports are published when a Minikube node is made: add --recreate (its data is lost), or use --gateway-reach auto',
  });
};

/**
 * Throws UserError `gateway.host-not-allowed` where the node is to be dialed, and `gateway.allowFrom` forbids it, and
 * `gateway.not-published`.
 */
const findReach = async (
  { reach, seedPort }: Config['gateway'],
  { publishedAddress: address, allowFrom, portRange }: PublishedGateway,
  cluster: Cluster,
): Promise<GatewayReach> => {
  const because = `gateway.reach is ${reach}`;
  const { hostAddress } = cluster;
  if (reach === 'published') {
    const { from = hostAddress } = getPublished(cluster, portRange);
    return isShutOut(from, allowFrom) ? refuseHost(from, allowFrom) : { via: reach, because };
  }
  if (reach === 'forward') return { via: reach, because };
  const shutOut = isShutOut(hostAddress, allowFrom);
  if (reach === 'node') return shutOut ? refuseHost(hostAddress, allowFrom) : { via: reach, because };
  const published = findPublished(cluster, portRange);
  const isPublished = published !== undefined && !isShutOut(published.from ?? hostAddress, allowFrom);
  if (!shutOut) return probeReach(address, [seedPort, ...nodePorts], { timeoutMs: patienceMs, isPublished });
  const via = isPublished ? 'published' : 'forward';
  return { via, because: `gateway.allowFrom does not let in this host, ${hostAddress}` };
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

const words: Readonly<Record<GatewayVia, (address: string) => string>> = {
  node: (address) => `at ${address}`,
  published: (address) => `by published ports on ${address}`,
  forward: (address) => `by forwards on ${address}`,
};

/** Where published ports or forwards listen on this host. */
const findHere = (via: GatewayVia, { published }: Cluster, { gateway }: Config) => {
  if (via === 'node') return undefined;
  return { via, address: (via === 'published' ? published?.address : undefined) ?? gateway.forwardAddress };
};

/** A load balancer controller may have set another address since the Gateway was ready: files and proof take that one. */
const withAddressNow = async (
  published: PublishedGateway,
  kube: Kube,
  instance: Instance,
): Promise<PublishedGateway> => {
  const publishedAddress = (await findAgreedAddress(kube, published)) ?? published.publishedAddress;
  if (publishedAddress !== published.publishedAddress) await instance.change({ publishedAddress });
  return { ...published, publishedAddress };
};

/**
 * At the node's address where this host routes to it; else by ports that were published when the node was made; else forwards
 * on an address of this host follow the listeners.
 */
export const reachGateway = upStep({
  title: 'Reach the Gateway from this host',
  needs: {
    ...{ machine: checkMachine, health: checkHealth, started: startCluster },
    ...{ ready: awaitGateway, reverse: openReversePath },
  },
  skip: ({ health }) => health !== undefined && { because: unchanged(health), value: health.gateway },
  run: async ({ machine: { instance }, started, ready, reverse }, context, tools): Promise<GatewayEndpoint> => {
    if (!ready) throw new Error('an instance that is not healthy has published its Gateway');
    const published = await withAddressNow(ready, started.kube, instance);
    const { via, because } = await findReach(context.config.gateway, published, started.cluster);
    const place = { ...started.cluster, attach: instance.record().attach };
    const forward = via === 'forward' ? forwardOf(published, place, context.config) : undefined;
    const kept = (await findCurrentSpec(instance))?.forward;
    const { tunnel } = reverse;
    if (forward || kept) {
      const wanted = { ...(tunnel && { tunnel }), ...(forward && { forward }) };
      await settleTunnels({ instance, wanted }, context, tools);
    }
    const endpoint = endpointOf(published, findHere(via, started.cluster, context.config));
    await instance.change({ gateway: endpoint });
    tools.note(`${words[via](endpoint.address)}: ${because}`);
    return endpoint;
  },
});
