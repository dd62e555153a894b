import { setTimeout as pause } from 'node:timers/promises';
import { isNotFound, type Kube } from '../../lib/kube/client.ts';
import { ensureNamespace } from '../../lib/kube/namespace.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import { gatewayClassKind, gatewayRef } from '../../model/gateway-api.ts';
import { labelsOf } from '../../model/labels.ts';
import type { GatewaySpec } from '../spec.ts';

export const controllerName = 'projectcontour.io/gateway-controller';

/** A Gateway must have a listener, so taskgate adds this one; the master adds all others. */
export const seedListenerName = 'taskgate-seed';

/** ContourDeployment, GatewayClass and Gateway, in the order in which they must be applied. */
const gatewayObjects = (spec: GatewaySpec): readonly KubeObject[] => {
  const { name, namespace, className, seedPort, contourReplicas = 1 } = spec;
  const labels = labelsOf(spec);
  const parameters = { group: 'projectcontour.io', kind: 'ContourDeployment', name, namespace };
  const objects: readonly (KubeObject & { readonly spec: unknown })[] = [
    {
      apiVersion: 'projectcontour.io/v1alpha1',
      kind: 'ContourDeployment',
      metadata: { name, namespace, labels },
      spec: {
        contour: { deployment: { replicas: contourReplicas } },
        envoy: { networkPublishing: { type: 'LoadBalancerService', externalTrafficPolicy: 'Cluster' } },
      },
    },
    {
      ...gatewayClassKind,
      metadata: { name: className, labels },
      spec: { controllerName, parametersRef: parameters },
    },
    {
      ...gatewayRef(spec),
      metadata: { name, namespace, labels },
      spec: {
        gatewayClassName: className,
        listeners: [
          {
            name: seedListenerName,
            port: seedPort,
            protocol: 'TCP',
            allowedRoutes: { namespaces: { from: 'All' } },
          },
        ],
      },
    },
  ];
  return objects;
};

/**
 * Applies ContourDeployment, GatewayClass and Gateway. Needs their CRDs established and no pod running.
 * Only the seed listener is applied: server-side apply keeps the `det-*` listeners that the master adds.
 */
export const applyGateway = async (kube: Kube, spec: GatewaySpec, signal?: AbortSignal): Promise<void> => {
  await ensureNamespace(kube, spec.namespace, labelsOf(spec));
  for (const object of gatewayObjects(spec)) await onceServed(() => kube.apply(object), signal);
};

const servedPauseMs = 50;
const servedTimeoutMs = 15_000;

/** Discovery serves an established CRD only some milliseconds later, so a 404 is retried. */
const onceServed = async <T>(send: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
  const deadline = Date.now() + servedTimeoutMs;
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (!isNotFound(error) || Date.now() > deadline) throw error;
    }
    await pause(servedPauseMs, undefined, { signal });
  }
};
