// Tested in test/e2e/chaos.test.ts
import { findTunnelStatus } from '../../../daemon/find.ts';
import type { Instance } from '../../../instance/instance.ts';
import type { MasterEndpoint } from '../../../model/master-endpoint.ts';
import type { HostPort } from '../../../proof/probe/dial.ts';
import { findMaster, startPlaceholder } from '../../../proof/probe/placeholder-master.ts';

type Ends = { readonly master: MasterEndpoint; readonly local?: HostPort };

/** Where a placeholder master can listen so that this host reaches it through the instance's tunnel. */
const findFreeEnd = async (dir: string, { master, local }: Ends): Promise<HostPort | undefined> => {
  if (master.via !== 'ssh' || master.scheme !== 'http' || !local) return undefined;
  const tunnel = (await findTunnelStatus(dir))?.tunnel;
  if (!tunnel || tunnel.state === 'open' || tunnel.allowFrom) return undefined;
  return (await findMaster(local)).kind === 'none' ? local : undefined;
};

/**
 * Does work while a placeholder master listens behind the instance's tunnel by ssh; it is told the public end. Undefined
 * where no connection can be held through it: there is none, this host does not reach its public end or may not, it leads
 * to a master of the user, or that speaks TLS. One by ngrok is left alone, since its account pays for each request.
 */
export const withTunnelEnd = async <T>(
  { dir }: Pick<Instance, 'dir'>,
  ends: Ends,
  work: (publicEnd: HostPort | undefined) => Promise<T>,
): Promise<T> => {
  const free = await findFreeEnd(dir, ends);
  if (!free) return work(undefined);
  const { close } = await startPlaceholder(free);
  const { host, port } = ends.master;
  return work({ host, port }).finally(close);
};
