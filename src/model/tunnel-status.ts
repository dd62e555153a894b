import type { ErrorId } from '../lib/errors.ts';
import type { PublicAddress, TunnelKind } from './master-endpoint.ts';

/**
 * `starting`: the program runs and has no public end yet. `probing`: it has one, and no nonce has come back yet. `up`: a
 * nonce came back. `degraded`: the program runs, but nonces no longer come back. `backoff`: waits before the next start.
 * `failed`: retrying is useless. `ended`: it expired.
 */
export type TunnelState = 'starting' | 'probing' | 'up' | 'degraded' | 'backoff' | 'failed' | 'ended';

export type TunnelStatus = {
  readonly kind: TunnelKind;
  /** Its server, for messages. */
  readonly target: string;
  readonly state: TunnelState;
  /** When it entered this state, as ISO time. */
  readonly since: string;
  /** Its public end; while it restarts, that of the previous run, which running pods use. */
  readonly address?: PublicAddress;
  /** Starts after the first one. */
  readonly restarts: number;
  /** Why it is in this state. */
  readonly detail?: string;
  /** What to do about it. */
  readonly hint?: string;
  /** Id of the error that caused this state, if any. */
  readonly errorId?: ErrorId;
  /** When a nonce last came back, and how long it took. */
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
  /** `backoff`: the port cannot be listened on; it is retried. */
  readonly state: 'starting' | 'up' | 'backoff';
  /** Why it cannot be listened on, and what to do. */
  readonly detail?: string;
  /** Open now. */
  readonly connections: number;
  /** Why the last failed connection failed. */
  readonly trouble?: string;
};

/**
 * `starting`: nothing is known yet. `up`: all listeners are forwarded. `degraded`: some are not, or nothing answers behind
 * them. `backoff`: the API server is unreachable and retried; open connections and ports are kept.
 */
export type ForwardState = 'starting' | 'up' | 'degraded' | 'backoff';

export type ForwardStatus = {
  readonly state: ForwardState;
  readonly detail?: string;
  readonly listeners: readonly ListenerStatus[];
  /** Open now, also of listeners that are gone. */
  readonly connections: number;
};

/** Numbers rise by one, so that a client that polls misses no event. */
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
