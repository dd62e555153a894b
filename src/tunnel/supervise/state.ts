import type { PublicAddress } from '../../model/master-endpoint.ts';
import type { TunnelState, TunnelStatus } from '../../model/tunnel-status.ts';
import type { TunnelDriver } from '../tunnel.ts';

type Why = Pick<TunnelStatus, 'detail' | 'hint' | 'errorId'>;

/** Keeps the status of a tunnel and tells each change of it. */
export type Board = {
  readonly status: () => TunnelStatus;
  readonly enter: (state: TunnelState, why?: Why) => void;
  readonly move: (address: PublicAddress) => void;
  readonly prove: (proven: NonNullable<TunnelStatus['proven']>) => void;
};

type BoardInput = {
  readonly previous: PublicAddress | undefined;
  readonly onState: (status: TunnelStatus) => void;
};

export const makeBoard = ({ kind, target }: TunnelDriver, { previous, onState }: BoardInput): Board => {
  let status: TunnelStatus = {
    ...{ kind, target, state: 'starting', since: new Date().toISOString(), restarts: -1 },
    ...(previous && { address: previous }),
  };
  return {
    status: () => status,
    enter: (state, why = {}) => {
      const { detail, hint: _, errorId: __, ...rest } = status;
      const isNews = state !== rest.state || why.detail !== detail || state === 'starting';
      const since = state === rest.state ? rest.since : new Date().toISOString();
      const restarts = rest.restarts + (state === 'starting' ? 1 : 0);
      status = { ...rest, state, since, restarts, ...why };
      if (isNews) onState(status);
    },
    move: (address) => {
      status = { ...status, address };
    },
    prove: (proven) => {
      status = { ...status, proven };
    },
  };
};
