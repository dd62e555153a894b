import { findMasterMove, findTunnelStatus } from '../../daemon/find.ts';
import type { Instance } from '../../instance/instance.ts';
import type { InstanceRecord } from '../../instance/record.ts';
import { viaOf } from '../../model/gateway-ip.ts';
import { originOf } from '../../model/master-endpoint.ts';
import type { Problem } from '../../model/problem.ts';
import { isServed, type TunnelDaemonStatus } from '../../model/tunnel-status.ts';

type Judged = { readonly record: InstanceRecord; readonly status: TunnelDaemonStatus; readonly again: string };
type Kept = Omit<Judged, 'status'> & { readonly status: Pick<TunnelDaemonStatus, 'tunnel' | 'forward'> };

/** `tunnel down` ends them, and so does a start that failed; what tasks and the master know does not change by that. */
const findClosed = ({ record, status, again: hint }: Kept): readonly Problem[] => {
  const { master, gateway, publishedAddress } = record;
  const isThrough = master?.via === 'ssh' || master?.via === 'ngrok';
  const isForwarded = gateway && viaOf(gateway, publishedAddress) === 'forward';
  const closed = (message: string): Problem => ({ id: 'tunnel.closed', message, hint });
  return [
    ...(isThrough && !status.tunnel
      ? [closed(`tasks dial the master at ${originOf(master)}, and the tunnel by ${master.via} is closed`)]
      : []),
    ...(isForwarded && !status.forward
      ? [closed(`the master dials tasks on ${gateway.address}, and the forwards there are closed`)]
      : []),
  ];
};

const tunnelProblem = ({ status: { tunnel }, again }: Judged): Problem | false =>
  tunnel !== undefined &&
  !isServed(tunnel.state) && {
    id: tunnel.errorId ?? 'tunnel.not-up',
    message: `${tunnel.target} is ${tunnel.state}${tunnel.detail ? `: ${tunnel.detail}` : ''}`,
    hint: tunnel.hint ?? `it is retried automatically; ${again}`,
  };

const forwardProblem = ({ status: { forward }, again }: Judged): Problem | false =>
  forward !== undefined &&
  forward.state !== 'up' && {
    id: forward.errorId ?? 'tunnel.forwards',
    message: `the forwards are ${forward.state}${forward.detail ? `: ${forward.detail}` : ''}`,
    hint: forward.hint ?? `they are retried automatically; ${again}`,
  };

const moveProblem = ({ record, status, again }: Judged): Problem | false => {
  const move = findMasterMove(record, status, record.master?.scheme ?? 'http');
  return (
    move !== undefined && {
      id: 'tunnel.moved',
      message: `tasks dial the master at ${originOf(move.to)} now, its configuration has ${move.from ? originOf(move.from) : 'nothing'}`,
      hint: `${again}, then restart the master`,
    }
  );
};

/** What is wrong with the tunnel and the forwards of an instance; `again` is the command that repairs. */
export const judgeTunnels = (judged: Judged): readonly Problem[] =>
  [tunnelProblem, forwardProblem, moveProblem]
    .map((judge) => judge(judged))
    .filter((problem) => problem !== false)
    .concat(findClosed(judged));

/** How tunnel and forwards of an instance are, if it has any. */
export const lookAtTunnels = async (instance: Instance, again: string) => {
  const record = instance.record();
  if (!record.journal.some(({ kind }) => kind === 'tunnels'))
    return { problems: findClosed({ record, again, status: {} }) };
  const tunnels = await findTunnelStatus(instance.dir);
  if (tunnels) return { tunnels, problems: judgeTunnels({ record, status: tunnels, again }) };
  const message = 'the tunnel daemon is not running, so neither are tunnel and forwards';
  const problem: Problem = { id: 'tunnel.stopped', message, hint: again };
  return { problems: [problem] };
};
