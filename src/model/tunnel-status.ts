import type { ErrorId } from '../lib/errors.ts';
import type { PublicAddress, TunnelKind } from './master-endpoint.ts';

/**
 * `starting`: the program runs, its public end is not there yet. `probing`: it is, and no nonce has come back yet. `up`: a
 * nonce came back. `degraded`: the program runs, but nonces no longer come back. `backoff`: waits before the next start.
 * `failed`: trying again is of no use. `ended`: it expired.
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
  /** Id of the error that it is in this state for, if there was one. */
  readonly errorId?: ErrorId;
  /** When a nonce came back last, and how long it took. */
  readonly proven?: { readonly at: string; readonly latencyMs: number };
};

/** A tunnel as its daemon sees it. */
export type TunnelReport = TunnelStatus & {
  readonly until?: string;
  /** Where the master listens, and why the last connection to it failed. */
  readonly master: { readonly host: string; readonly port: number; readonly trouble?: string };
  /** Open connections to the master. */
  readonly connections: number;
};

/** What `status` shows of one listener's forward. */
export type ListenerStatus = {
  readonly name: string;
  readonly port: number;
  /** `backoff`: the port cannot be listened on; tried again and again. */
  readonly state: 'starting' | 'up' | 'backoff';
  /** Why it cannot be listened on, with what to do. */
  readonly detail?: string;
  /** Open now. */
  readonly connections: number;
  /** What went wrong with the last connection that failed. */
  readonly trouble?: string;
};

/**
 * `starting`: nothing seen yet. `up`: all listeners are forwarded. `degraded`: some are not, or nothing answers behind
 * them. `backoff`: the API server is out of reach; open connections and ports stay, and it is tried again and again.
 */
export type ForwardState = 'starting' | 'up' | 'degraded' | 'backoff';

export type ForwardStatus = {
  readonly state: ForwardState;
  readonly detail?: string;
  readonly listeners: readonly ListenerStatus[];
  /** Open now, also of listeners that are gone. */
  readonly connections: number;
};

/** Something that happened; numbers rise by one, so that a reader who asks again misses none. */
export type TunnelEvent = { readonly number: number; readonly at: string; readonly text: string };

/** What the tunnel daemon of an instance answers on its socket. */
export type TunnelDaemonStatus = {
  readonly instance: string;
  readonly uptimeMs: number;
  readonly tunnel?: TunnelReport;
  readonly forward?: ForwardStatus;
  /** The last events, oldest first. */
  readonly events: readonly TunnelEvent[];
};
