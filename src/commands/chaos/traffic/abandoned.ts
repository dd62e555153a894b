import { type LockInput, withChaosLock } from '../../../instance/lock.ts';
import { UserError } from '../../../lib/errors.ts';
import type { Kube } from '../../../lib/kube/client.ts';
import type { GatewayName } from '../../../model/gateway-endpoint.ts';
import type { InstanceIdentity } from '../../../model/labels.ts';
import { removeLeftovers } from '../../../proof/sample-task/removal.ts';
import { trafficOwner } from './server.ts';

type Where = InstanceIdentity & { readonly namespace: string; readonly gateway: GatewayName };

/**
 * Removes what a `chaos` that was killed has left of its traffic, and returns that. One that runs keeps its own: its lock is
 * held, as it is while it repairs something by an `up`.
 */
export const removeAbandonedTraffic = async (
  input: LockInput,
  kube: Kube,
  where: Where,
): Promise<readonly string[]> => {
  try {
    return await withChaosLock(input, () => removeLeftovers(kube, { ...where, ...trafficOwner(where) }));
  } catch (error) {
    if (error instanceof UserError && error.id === 'environment.locked') return [];
    throw error;
  }
};
