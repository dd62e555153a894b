import type { GatewaySpec } from '../../../src/gateway/spec.ts';

/** The Gateway that the settings name by default, in a cluster of its own. */
export const gatewaySpec: Omit<GatewaySpec, 'instance' | 'instanceId'> = {
  name: 'contour',
  namespace: 'projectcontour',
  className: 'contour',
  listenerLimit: 256,
  portRange: { start: 20000, end: 20199 },
  seedPort: 19999,
};
