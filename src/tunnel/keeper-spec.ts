import type { ProcessIdentity } from '../lib/processes.ts';
import type { ForwardSpec } from './forward.ts';
import type { ForwardStatus } from './forward-plan.ts';
import type { NgrokSpec } from './ngrok-agent.ts';
import type { SshSpec } from './ssh-command.ts';
import type { TunnelStatus } from './status.ts';
import type { Timings } from './supervise.ts';
import type { PublicAddress } from './tunnel.ts';

/** Which tunnel, and by which settings. */
export type DriverSpec =
  | { readonly kind: 'ssh'; readonly settings: SshSpec }
  | { readonly kind: 'ngrok'; readonly settings: NgrokSpec };

export type TunnelSpec = {
  readonly driver: DriverSpec;
  /** Where the master listens. */
  readonly master: { readonly host: string; readonly port: number };
  /** By which the keeper knows its own liveness questions. */
  readonly secret: string;
  /** The address that running pods may know. */
  readonly previous?: PublicAddress;
  /** When the tunnel closes by itself, as ISO time; only one that is public does. */
  readonly until?: string;
  readonly timings?: Partial<Timings>;
};

/** All that the tunnel keeper of one instance has to do; written to `tunnels.json` in the instance's folder. */
export type TunnelKeeperSpec = {
  readonly instance: string;
  /** Unix socket on which it answers with its status. */
  readonly socketPath: string;
  /** The instance's folder. */
  readonly folder: string;
  readonly logsDir: string;
  readonly tunnel?: TunnelSpec;
  readonly forward?: ForwardSpec;
};

/** Something that happened; numbers rise by one, so that nobody who asks again misses one. */
export type TunnelEvent = { readonly number: number; readonly at: string; readonly text: string };

/** A tunnel as its keeper sees it. */
export type TunnelReport = TunnelStatus & {
  readonly until?: string;
  /** Where the master listens, and why it could not be reached there when it was tried last. */
  readonly master: { readonly host: string; readonly port: number; readonly trouble?: string };
  /** Connections to the master that it carries now. */
  readonly connections: number;
};

export type TunnelKeeperStatus = {
  readonly instance: string;
  readonly uptimeMs: number;
  readonly tunnel?: TunnelReport;
  readonly forward?: ForwardStatus;
  /** What happened last, oldest first. */
  readonly events: readonly TunnelEvent[];
};

/** The background process of an instance's tunnels and forwards; journalled before it is relied on. */
export type TunnelResource = { readonly kind: 'tunnels'; readonly process: ProcessIdentity };
