import { filledGateway } from '../../../../src/gateway/ready/capacity.ts';
import { isConflict, type Kube, KubeError } from '../../../../src/lib/kube/client.ts';
import type { Gateway } from '../../../../src/lib/kube/shapes.ts';
import { gatewayRef } from '../../../../src/model/gateway-api.ts';
import type { GatewayEndpoint } from '../../../../src/model/gateway-endpoint.ts';

/** The largest number from `from` to `to` that is accepted; whatever is below an accepted one is, too. */
export const findLargest = async (
  { from, to }: { readonly from: number; readonly to: number },
  accepts: (count: number) => Promise<boolean>,
): Promise<number> => {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (await accepts(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
};

/** Every port, so that all listeners count. */
const everyPort = { portRange: { start: 1, end: 65_535 } };

/** More than any version of the CRD allows. */
const enough = 2_000;
const invalid = 422;

/** How many listeners the Gateway may have, itself and all; asked of the API server by dry runs, which change nothing. */
export const measureCapacity = async (kube: Kube, gateway: GatewayEndpoint): Promise<number> => {
  const ref = gatewayRef(gateway);
  const accepts = async (count: number): Promise<boolean> => {
    for (;;) {
      try {
        await kube.update(filledGateway(await kube.get<Gateway>(ref), everyPort, count), { dryRun: true });
        return true;
      } catch (error) {
        if (isConflict(error)) continue;
        if (error instanceof KubeError && error.code === invalid) return false;
        throw error;
      }
    }
  };
  const { listeners } = (await kube.get<Gateway>(ref)).spec;
  return findLargest({ from: listeners.length, to: enough }, accepts);
};
