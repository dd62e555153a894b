import type { ObjectRef } from '../lib/kube/types.ts';
import type { GatewayName } from './gateway-endpoint.ts';

export const gatewayGroup = 'gateway.networking.k8s.io';
const apiVersion = `${gatewayGroup}/v1`;

export const gatewayKind = { apiVersion, kind: 'Gateway' } as const;
export const gatewayClassKind = { apiVersion, kind: 'GatewayClass' } as const;
/** The only version that Determined writes and Contour 1.33 reads. */
export const tcpRouteKind = { apiVersion: `${gatewayGroup}/v1alpha2`, kind: 'TCPRoute' } as const;

export const gatewayRef = ({ name, namespace }: GatewayName): ObjectRef => ({
  ...gatewayKind,
  metadata: { name, namespace },
});

export const gatewayClassRef = (name: string): ObjectRef => ({ ...gatewayClassKind, metadata: { name } });
