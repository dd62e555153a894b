import { findTunnelStatus } from '../../daemon/find.ts';
import { findCurrentSpec } from '../../daemon/spec.ts';
import type { Instance } from '../../instance/instance.ts';
import { type Exposure, listExposure } from '../../tunnel/exposure.ts';

/** What is reachable, from where and until when, as one line. */
export const summarizeExposure = (rows: readonly Exposure[], name: string): string => {
  const parts = rows.map(
    ({ what, address, to, until }) => `${what} at ${address} by ${to}${until ? ` until ${until}` : ''}`,
  );
  return `Reachable: ${parts.join('; ') || 'nothing'}. More: taskgate exposure --name ${name}`;
};

/** The exposed addresses of an instance whose cluster runs. */
export const findExposure = async (instance: Instance): Promise<readonly Exposure[]> => {
  const spec = await findCurrentSpec(instance);
  const status = spec && (await findTunnelStatus(instance.dir));
  return listExposure({ record: instance.record(), spec, status });
};
