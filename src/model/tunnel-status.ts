// Tested in test/daemon/progress.test.ts
import type { ErrorId } from '../lib/errors.ts';
import type { PublicAddress, TunnelKind } from './master-endpoint.ts';

/**
 * `starting`: the program runs and has no public end yet. `probing`: it has one, and no nonce has come back yet. `up`: a
 * nonce came back. `open`: the program reports that the end stands, but this host does not reach it: pods decide; or its
 * account has no question left now, and the last one was answered. `degraded`: the program runs, but nonces no longer come
 * back. `backoff`: waits before the next start. `failed`: retrying is useless. `ended`: it expired.
 */
export type TunnelState = 'starting' | 'probing' | 'up' | 'open' | 'degraded' | 'backoff' | 'failed' | 'ended';

/** A state of a tunnel or of forwards in words. */
export const stateText = (state: TunnelState): string => (state === 'open' ? 'open, not seen from here' : state);

/** Whether pods may dial the tunnel's end: it was seen to work, or only pods can see it. */
export const isServed = (state: TunnelState): boolean => state === 'up' || state === 'open';

/** Why a run of a tunnel's program ended. */
export type TunnelFailure = { readonly detail: string; readonly hint?: string; readonly errorId?: ErrorId };

/**
 * What is known of a public end that was asked for at a private address. `proven`: other addresses of its host refuse the
 * port. `public`: one of them leads here, too. `unverified`: none of them can be judged from this machine.
 */
export type PrivateEnd = { readonly state: 'proven' | 'unverified' | 'public'; readonly evidence: string };

export type TunnelStatus = {
  readonly kind: TunnelKind;
  /** Its server, for messages. */
  readonly target: string;
  readonly state: TunnelState;
  /** When it entered this state, as ISO time. */
  readonly since: string;
  /** Its public end; while it restarts, that of the previous run, which running pods use. */
  readonly address?: PublicAddress;
  /** Set where its end was asked for at a private address. */
  readonly privateEnd?: PrivateEnd;
  /** Starts after the first one. */
  readonly restarts: number;
  /** Why it is in this state. */
  readonly detail?: string;
  /** What to do about it. */
  readonly hint?: string;
  /** Id of the error that caused this state, if any. */
  readonly errorId?: ErrorId;
  /** Why the last run ended, until one works. */
  readonly failure?: TunnelFailure;
  /** When a nonce last came back, and how long it took. */
  readonly proven?: { readonly at: string; readonly latencyMs: number };
};

/** Someone who has called through the tunnel. */
export type Caller = {
  /** `unknown` where the tunnel's program does not tell. */
  readonly address: string;
  readonly admitted: number;
  /** Connections that were reset, since `tunnel.allowFrom` does not have the address. */
  readonly refused: number;
  readonly lastAt: string;
};

/** A tunnel as its daemon sees it. */
export type TunnelReport = TunnelStatus & {
  readonly until?: string;
  /** Where the master listens, and why the last connection to it failed. */
  readonly master: { readonly host: string; readonly port: number; readonly trouble?: string };
  /** Open connections to the master. */
  readonly connections: number;
  /** The most connections that it accepts. */
  readonly connectionLimit?: number;
  /** Ranges from which it may be called; any, unless set. */
  readonly allowFrom?: readonly string[];
  /** This host as the tunnel's server sees it, where `allowFrom` is set. */
  readonly ownAddress?: string;
  /** The last ones, the latest first; not each connection is counted where `allowFrom` is not set. */
  readonly callers?: readonly Caller[];
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
 * them. `backoff`: the API server is unreachable and retried; open connections and ports are kept. `failed`: another user
 * holds one of the ports. `ended`: they expired.
 */
export type ForwardState = 'starting' | 'up' | 'degraded' | 'backoff' | 'failed' | 'ended';

export type ForwardStatus = {
  readonly state: ForwardState;
  readonly detail?: string;
  /** What to do about it. */
  readonly hint?: string;
  /** Id of the error that caused this state, if any. */
  readonly errorId?: ErrorId;
  /** When they expire, as ISO time. */
  readonly until?: string;
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
