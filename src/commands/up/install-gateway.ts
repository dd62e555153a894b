import { isIPv4 } from 'node:net';
import { applyGatewayObjects, applyInstallation, awaitGatewayEndpoint } from '../../gateway/ensure.ts';
import type { Manifest } from '../../gateway/install/manifest.ts';
import type { Instance } from '../../instance/instance.ts';
import type { Kube } from '../../lib/kube/client.ts';
import type { Gateway } from '../../lib/kube/shapes.ts';
import type { Cluster } from '../../model/cluster.ts';
import { gatewayRef } from '../../model/gateway-api.ts';
import type { PublishedGateway } from '../../model/gateway-endpoint.ts';
import type { StepTools } from '../../task-list/step.ts';
import { gatewaySpecOf, stageTimeoutMs } from '../context.ts';
import { checkHealth, unchanged } from './check-health.ts';
import { checkMachine } from './check-machine.ts';
import { checkOwnership, type Ownership, readManifest } from './check-ownership.ts';
import { type UpContext, upStep } from './context.ts';
import { prepareArtifacts } from './prepare-artifacts.ts';
import { loadImages, startCluster } from './start-cluster.ts';
import { waitForServices } from './wait-for-services.ts';

type Place = { readonly kube: Kube; readonly instance: Instance };

const gatewayInput = ({ kube, instance }: Place, context: UpContext, { signal, report }: StepTools) => ({
  ...{ kube, spec: gatewaySpecOf(context.config, instance), timeoutMs: stageTimeoutMs(context), signal, report },
});

/** CRDs, roles and admission policies. Needs the API server only: the node may still be on its way. */
export const installGatewayAPI = upStep({
  title: 'Install the Gateway API',
  needs: { machine: checkMachine, programs: prepareArtifacts, health: checkHealth, ownership: checkOwnership },
  skip: ({ health }) => health !== undefined && unchanged(health),
  run: async (
    { machine: { instance }, programs, ownership: { kube } },
    context,
    tools,
  ): Promise<Manifest | undefined> => {
    const manifest = await readManifest(programs);
    await applyInstallation({ ...gatewayInput({ kube, instance }, context, tools), manifest });
    return manifest;
  },
});

/**
 * The provisioner's pod starts once pods reach Services and the images are in the node: kubelet retries a pull that failed
 * only after 10 s, then after 20 s.
 */
export const installGateway = upStep({
  title: 'Install Contour and the Gateway',
  needs: { machine: checkMachine, health: checkHealth, ownership: checkOwnership, manifest: installGatewayAPI },
  after: [waitForServices, loadImages],
  skip: ({ health }) => health !== undefined && unchanged(health),
  run: async ({ machine: { instance }, ownership: { kube }, manifest }, context, tools): Promise<undefined> => {
    if (manifest) await applyGatewayObjects({ ...gatewayInput({ kube, instance }, context, tools), manifest });
  },
});

/** In a foreign cluster a Gateway that has an address already keeps it. */
const addressOf = async (
  { kube, isForeign }: Ownership,
  nodeAddress: string,
  { config }: UpContext,
): Promise<string> => {
  if (!isForeign) return nodeAddress;
  const gateway = await kube.find<Gateway>(gatewayRef(config.gateway));
  return gateway?.status?.addresses?.[0]?.value ?? nodeAddress;
};

/** In clusters that taskgate made only this host dials task ports, unless the settings say otherwise. */
const allowFromOf = (
  { hostAddress, published }: Cluster,
  { isForeign }: Ownership,
  { config }: UpContext,
): readonly string[] | undefined => {
  if (config.gateway.allowFrom) return config.gateway.allowFrom;
  if (isForeign || !isIPv4(hostAddress)) return undefined;
  // Docker Desktop's host, as pods dial it, is not where connections to published ports come from
  const own = [hostAddress, published?.from].filter((address) => address !== undefined && isIPv4(address));
  return [...new Set(own)].map((address) => `${address}/32`);
};

/** Controllers of clouds name a load balancer within seconds, though it may take minutes until it serves. */
const controllerPatienceMs = 15_000;

/** Publishes the node's address as the Gateway's and waits until Envoy can carry traffic. */
export const awaitGateway = upStep({
  title: 'Wait for the Gateway',
  needs: { machine: checkMachine, health: checkHealth, started: startCluster, ownership: checkOwnership },
  after: [installGateway],
  skip: ({ health }) => health !== undefined && unchanged(health),
  run: async (
    { machine: { instance }, started: { cluster }, ownership },
    context,
    tools,
  ): Promise<PublishedGateway | undefined> => {
    const address = await addressOf(ownership, cluster.nodeAddress, context);
    const allowFrom = allowFromOf(cluster, ownership, context);
    const controllerMs = ownership.isForeign ? controllerPatienceMs : 0;
    const given = gatewayInput({ kube: ownership.kube, instance }, context, tools);
    const input = { ...given, address, allowFrom, controllerMs };
    const published = await awaitGatewayEndpoint(input);
    await instance.change({ publishedAddress: published.publishedAddress });
    return published;
  },
});
