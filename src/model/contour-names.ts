import type { ObjectRef, Selection } from '../lib/kube/types.ts';
import type { GatewayName } from './gateway-endpoint.ts';

/** Names of what the provisioner makes for a Gateway (contour v1.33.6, internal/provisioner/model/names.go). */
export const contourName = ({ name }: Pick<GatewayName, 'name'>): string => `contour-${name}`;
export const envoyName = ({ name }: Pick<GatewayName, 'name'>): string => `envoy-${name}`;

/** The provisioner's label with the Gateway's name. */
export const ownerLabel = 'projectcontour.io/owning-gateway-name';

export const envoyServiceRef = ({ name, namespace }: GatewayName): ObjectRef => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: envoyName({ name }), namespace },
});

const podsOf = ({ namespace }: GatewayName, app: string): Selection => ({
  ...{ apiVersion: 'v1', kind: 'Pod', namespace },
  labelSelector: `app=${app}`,
});

export const contourPods = (gateway: GatewayName): Selection => podsOf(gateway, contourName(gateway));
export const envoyPods = (gateway: GatewayName): Selection => podsOf(gateway, envoyName(gateway));
