import { findTunnelStatus } from '../daemon/find.ts';
import type { ClosedCheck } from '../proof/closed/closed.ts';
import { proveRefused } from '../tunnel/relay/refused.ts';

/**
 * The negative proof of `tunnel.allowFrom`, where a tunnel by ssh has it: this host calls the public end as somebody who is
 * not in the list. By ngrok nothing is tried: its edge answers a refusal itself. Tested in test/commands/tunnel-closed.test.ts.
 */
export const tunnelChecksOf = async (instanceDir: string): Promise<readonly ClosedCheck[]> => {
  const { tunnel } = (await findTunnelStatus(instanceDir)) ?? {};
  if (tunnel?.kind !== 'ssh' || !tunnel.allowFrom || !tunnel.address) return [];
  const { address, allowFrom, ownAddress: caller } = tunnel;
  const attempt: ClosedCheck['attempt'] = async () =>
    caller === undefined
      ? { outcome: 'untried', because: 'the address by which its server sees this host is not known' }
      : proveRefused({ address, allowFrom, caller });
  return [{ from: `this host (${caller ?? 'unknown'})`, to: `the master by ${tunnel.target}`, attempt }];
};
