import { readFile } from 'node:fs/promises';
import { applyGatewayObjects, awaitGatewayEndpoint } from '../gateway/ensure.ts';
import { parseManifest } from '../gateway/manifest.ts';
import { skipIfHealthy } from './check-health.ts';
import { gatewaySpecOf, need, stageTimeoutMs, type UpContext } from './context.ts';
import { startCluster } from './start-cluster.ts';
import type { Step } from './step.ts';

/** CRDs, Contour and the Gateway's objects. Needs the API server only: the node may still be on its way. */
export const installGateway: Step<UpContext> = {
  title: 'Install Contour and the Gateway',
  skip: skipIfHealthy,
  after: [startCluster],
  run: async (context, { signal, report }) => {
    const manifest = parseManifest(await readFile(need(context, 'manifest').path, 'utf8'));
    const timeoutMs = stageTimeoutMs(context);
    await applyGatewayObjects({
      kube: need(context, 'kube'),
      spec: gatewaySpecOf(context.config),
      manifest,
      timeoutMs,
      signal,
      report,
    });
  },
};

/** Publishes the node's address as the Gateway's and waits until Envoy can carry traffic. */
export const awaitGateway: Step<UpContext> = {
  title: 'Wait for the Gateway',
  skip: skipIfHealthy,
  after: [installGateway],
  run: async (context, { signal, report }) => {
    const { nodeAddress } = need(context, 'cluster');
    const gateway = await awaitGatewayEndpoint({
      kube: need(context, 'kube'),
      spec: gatewaySpecOf(context.config),
      address: nodeAddress,
      timeoutMs: stageTimeoutMs(context),
      signal,
      report,
    });
    await need(context, 'instance').change({ gateway });
    context.gateway = gateway;
  },
};
