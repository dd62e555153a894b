// Tested in test/e2e/chaos.test.ts
import { findTunnelStatus } from '../../../daemon/find.ts';
import type { Instance } from '../../../instance/instance.ts';
import type { MasterEndpoint } from '../../../model/master-endpoint.ts';
import type { HostPort } from '../../../proof/probe/dial.ts';
import { findMaster, startPlaceholder } from '../../../proof/probe/placeholder-master.ts';

/** A tunnel through which this host reaches what listens at its own master port. */
export type TunnelEnds = { readonly target: HostPort; readonly close: () => Promise<void> };

type Ends = { readonly master: MasterEndpoint; readonly local?: HostPort };

/**
 * Has a placeholder master listen behind the instance's tunnel by ssh. Undefined where no connection can be held through
 * it: there is none, this host does not reach its public end or may not, it leads to a master of the user, or that speaks
 * TLS. One by ngrok is left alone, since its account pays for each request.
 */
export const openTunnelEnds = async (
  { dir }: Pick<Instance, 'dir'>,
  { master, local }: Ends,
): Promise<TunnelEnds | undefined> => {
  if (master.via !== 'ssh' || master.scheme !== 'http' || !local) return undefined;
  const tunnel = (await findTunnelStatus(dir))?.tunnel;
  if (!tunnel || tunnel.state === 'open' || tunnel.allowFrom) return undefined;
  if ((await findMaster(local)).kind !== 'none') return undefined;
  const { close } = await startPlaceholder(local);
  return { target: { host: master.host, port: master.port }, close };
};
