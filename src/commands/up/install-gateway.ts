import { hastenDns } from '../../cluster/minikube/dns.ts';
import { waitForKubeProxy } from '../../cluster/readiness.ts';
import { applyGatewayObjects, awaitGatewayEndpoint } from '../../gateway/ensure.ts';
import { isForeignCluster } from '../../gateway/foreign/kept.ts';
import type { Gateway } from '../../gateway/ready/conditions.ts';
import { gatewayRef } from '../../gateway/spec.ts';
import type { Kube } from '../../lib/kube/client.ts';
import type { Step } from '../../task-list/step.ts';
import { gatewaySpecOf, need, stageTimeoutMs, type UpContext } from '../context.ts';
import { skipIfHealthy } from './check-health.ts';
import { checkOwnership, readManifest } from './check-ownership.ts';

/** In a cluster of somebody else's, the API server that leaves alone what is not ours. */
const kubeForGateway = (context: UpContext): Kube => context.gatewayKube ?? need(context, 'kube');

const kubeProxyPatienceMs = 20_000;

/** On a node that has just been started pods reach Services once kube-proxy, a pod too, has written their rules. */
const awaitServices = async (context: UpContext, signal: AbortSignal): Promise<void> => {
  const { nodeName: node } = need(context, 'cluster');
  const kube = need(context, 'kube');
  const isReady = await waitForKubeProxy(kube, { node, timeoutMs: kubeProxyPatienceMs, signal });
  if (isReady && !isForeignCluster(need(context, 'instance'))) await hastenDns(kube);
};

/** CRDs, Contour and the Gateway's objects. Needs the API server only: the node may still be on its way. */
export const installGateway: Step<UpContext> = {
  title: 'Install Contour and the Gateway',
  skip: skipIfHealthy,
  after: [checkOwnership],
  run: async (context, { signal, report }) => {
    const timeoutMs = stageTimeoutMs(context);
    const manifest = await readManifest(context);
    await applyGatewayObjects({
      kube: kubeForGateway(context),
      spec: gatewaySpecOf(context.config),
      manifest,
      timeoutMs,
      signal,
      report,
      ...(context.startsCluster &&
        context.cluster?.provider === 'minikube' && { podsCanStart: () => awaitServices(context, signal) }),
    });
  },
};

/** A Gateway that was there before us keeps the address that it has. */
const addressOf = async (context: UpContext): Promise<string> => {
  const { nodeAddress } = need(context, 'cluster');
  if (!context.gatewayKube) return nodeAddress;
  const gateway = await context.gatewayKube.find<Gateway>(gatewayRef(context.config.gateway));
  return gateway?.status?.addresses?.[0]?.value ?? nodeAddress;
};

/** Publishes the node's address as the Gateway's and waits until Envoy can carry traffic. */
export const awaitGateway: Step<UpContext> = {
  title: 'Wait for the Gateway',
  skip: skipIfHealthy,
  after: [installGateway],
  run: async (context, { signal, report }) => {
    const gateway = await awaitGatewayEndpoint({
      kube: kubeForGateway(context),
      spec: gatewaySpecOf(context.config),
      address: await addressOf(context),
      timeoutMs: stageTimeoutMs(context),
      signal,
      report,
    });
    await need(context, 'instance').change({ publishedAddress: gateway.address });
    context.gateway = gateway;
  },
};
