import type { TunnelState, TunnelStatus } from './status.ts';
import type { PublicAddress, TunnelDriver } from './tunnel.ts';

/** Keeps the status of a tunnel and tells each change of it. */
export type Board = {
  readonly status: () => TunnelStatus;
  readonly enter: (state: TunnelState, why?: Pick<TunnelStatus, 'detail' | 'hint'>) => void;
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
    enter: (state, { detail, hint } = {}) => {
      const { detail: oldDetail, hint: oldHint, ...rest } = status;
      const isNews = state !== rest.state || detail !== oldDetail || state === 'starting';
      const since = state === rest.state ? rest.since : new Date().toISOString();
      const restarts = rest.restarts + (state === 'starting' ? 1 : 0);
      status = { ...rest, state, since, restarts, ...(detail && { detail }), ...(hint && { hint }) };
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
