import type { TunnelTimings } from '../../instance/tunnels.ts';
import type { PublicAddress } from '../../model/master-endpoint.ts';
import { isServed, type TunnelFailure, type TunnelState, type TunnelStatus } from '../../model/tunnel-status.ts';
import type { OpenTunnel, SendNonce, TunnelDriver } from '../tunnel.ts';
import type { Budget } from './budget.ts';
import type { Wait } from './wake.ts';

/** Why a tunnel is in its state. */
export type Why = Pick<TunnelStatus, 'detail' | 'hint' | 'errorId'>;

/** The status of a supervised tunnel, which reports its changes. */
export type SupervisedState = {
  readonly status: () => TunnelStatus;
  readonly enter: (state: TunnelState, why?: Why) => void;
  /** Takes over what is known of the public end. */
  readonly move: (end: Pick<OpenTunnel, 'address' | 'privateEnd'>) => void;
  readonly prove: (proven: NonNullable<TunnelStatus['proven']>) => void;
  /** Keeps why a run has ended, until another one works. */
  readonly fail: (failure: TunnelFailure) => void;
};

export type SuperviseInput = {
  /** Port of the relay on 127.0.0.1. */
  readonly localPort: number;
  readonly probe: SendNonce;
  /** The address from an earlier daemon. */
  readonly previous?: PublicAddress;
  readonly signal: AbortSignal;
  /** Called at each change of the state or its reason. */
  readonly onState: (status: TunnelStatus) => void;
  /** Called when the tunnel gets another address than running pods know. */
  readonly onAddressChange: (from: PublicAddress, to: PublicAddress) => void;
  readonly timings?: Partial<TunnelTimings>;
  readonly wait?: Wait;
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
};

/** What the supervision of one tunnel works with. */
export type Supervision = Omit<SuperviseInput, 'timings' | 'wait' | 'now'> & {
  readonly driver: TunnelDriver;
  readonly timings: TunnelTimings;
  readonly wait: Wait;
  readonly now: () => number;
  /** Of the questions through a public end that the account pays for. */
  readonly budget?: Budget;
  readonly state: SupervisedState;
};

/** Begins before the first start of the tunnel's program. Tested in test/tunnel/supervise/supervise.test.ts. */
export const makeState = ({ kind, target }: TunnelDriver, { previous, onState }: SuperviseInput): SupervisedState => {
  let status: TunnelStatus = {
    ...{ kind, target, state: 'starting', since: new Date().toISOString(), restarts: -1 },
    ...(previous && { address: previous }),
  };
  return {
    status: () => status,
    enter: (state, why = {}) => {
      const { detail, hint: _, errorId: __, failure, ...rest } = status;
      const isChanged = state !== rest.state || why.detail !== detail || state === 'starting';
      const since = state === rest.state ? rest.since : new Date().toISOString();
      const restarts = rest.restarts + (state === 'starting' ? 1 : 0);
      status = { ...rest, state, since, restarts, ...why, ...(failure && !isServed(state) && { failure }) };
      if (isChanged) onState(status);
    },
    move: ({ address, privateEnd }) => {
      const { privateEnd: _, ...rest } = status;
      status = { ...rest, address, ...(privateEnd && { privateEnd }) };
    },
    prove: (proven) => {
      status = { ...status, proven };
    },
    fail: (failure) => {
      status = { ...status, failure };
    },
  };
};
