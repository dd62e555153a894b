import type { PublicAddress } from '../../model/master-endpoint.ts';
import type { TunnelState, TunnelStatus } from '../../model/tunnel-status.ts';
import type { TunnelDriver } from '../tunnel.ts';

type Why = Pick<TunnelStatus, 'detail' | 'hint' | 'errorId'>;

/** The status of a supervised tunnel, which reports its changes. */
export type SupervisedState = {
  readonly status: () => TunnelStatus;
  readonly enter: (state: TunnelState, why?: Why) => void;
  readonly move: (address: PublicAddress) => void;
  readonly prove: (proven: NonNullable<TunnelStatus['proven']>) => void;
};

type StateInput = {
  readonly previous: PublicAddress | undefined;
  readonly onState: (status: TunnelStatus) => void;
};

/** Begins before the first start of the tunnel's program. Tested in test/tunnel/supervise/supervise.test.ts. */
export const makeState = ({ kind, target }: TunnelDriver, { previous, onState }: StateInput): SupervisedState => {
  let status: TunnelStatus = {
    ...{ kind, target, state: 'starting', since: new Date().toISOString(), restarts: -1 },
    ...(previous && { address: previous }),
  };
  return {
    status: () => status,
    enter: (state, why = {}) => {
      const { detail, hint: _, errorId: __, ...rest } = status;
      const isChanged = state !== rest.state || why.detail !== detail || state === 'starting';
      const since = state === rest.state ? rest.since : new Date().toISOString();
      const restarts = rest.restarts + (state === 'starting' ? 1 : 0);
      status = { ...rest, state, since, restarts, ...why };
      if (isChanged) onState(status);
    },
    move: (address) => {
      status = { ...status, address };
    },
    prove: (proven) => {
      status = { ...status, proven };
    },
  };
};
