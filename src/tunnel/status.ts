import type { ErrorId } from '../lib/errors.ts';
import type { TunnelKind } from '../steps/values.ts';
import type { PublicAddress } from './tunnel.ts';

/**
 * `starting`: the program runs, its public end is not there yet. `probing`: it is, and no nonce has come back yet. `up`: a
 * nonce came back. `degraded`: the program runs, but nonces no longer come back. `backoff`: waits before the next start.
 * `failed`: trying again is of no use. `ended`: its time was over.
 */
export type TunnelState = 'starting' | 'probing' | 'up' | 'degraded' | 'backoff' | 'failed' | 'ended';

export type TunnelStatus = {
  readonly kind: TunnelKind;
  /** Where it goes, for people. */
  readonly target: string;
  readonly state: TunnelState;
  /** When it entered this state, as ISO time. */
  readonly since: string;
  /** Its public end, also of the run before while a new one starts: running pods keep it. */
  readonly address?: PublicAddress;
  /** Starts after the first one. */
  readonly restarts: number;
  /** Why it is in this state. */
  readonly detail?: string;
  /** What to do about it. */
  readonly hint?: string;
  /** Name of the error that it is in this state for, if an error it was. */
  readonly errorId?: ErrorId;
  /** When a nonce came back last, and how long it took. */
  readonly proven?: { readonly at: string; readonly latencyMs: number };
};

/** Whether two addresses are one for those who dial them. */
export const isSameAddress = (a: PublicAddress, b: PublicAddress): boolean =>
  a.scheme === b.scheme && a.host === b.host && a.port === b.port;
