import type { GatewayName, PortRange } from '../model/gateway-endpoint.ts';
import type { PublicAddress } from '../model/master-endpoint.ts';
import type { AttachTarget } from './record.ts';

/** A reverse tunnel by the user's own ssh; names and units are those of ssh_config(5). */
export type SshSpec = {
  /** A host, `user@host`, or a name of ~/.ssh/config. */
  readonly host: string;
  readonly port?: number;
  /** 0 lets the server choose. */
  readonly remotePort: number;
  /** Where the server listens: `0.0.0.0` is every IPv4 address, `*` every address. */
  readonly bindAddress: string;
  /** The user has not allowed a public end: one that is not where `bindAddress` says is closed. */
  readonly mustBePrivate?: boolean;
  /** Ranges from which the master may be called; any, unless set. */
  readonly allowFrom?: readonly string[];
  /** The host that tasks dial; by default the host name that ssh itself dials. */
  readonly publicHost?: string;
  /** `accept-new` stores keys of new hosts in the instance's folder, `yes` accepts only those in the user's files. */
  readonly hostKeyPolicy: 'accept-new' | 'yes';
  readonly serverAliveInterval: number;
  readonly serverAliveCountMax: number;
  /** Replaces ~/.ssh/config and the system's file. */
  readonly configFile?: string;
  readonly program: string;
};

export type NgrokSpec = {
  /** Name or path of the agent. */
  readonly program: string;
  /** A reserved domain, for an https address. */
  readonly domain?: string;
  /** A reserved TCP address, `host:port`; the address is then plain http. */
  readonly tcpAddress?: string;
  readonly trafficPolicyFile?: string;
  /** Ranges from which the master may be called; any, unless set. Not with a traffic policy of the user. */
  readonly allowFrom?: readonly string[];
  /** Between two questions of the daemon through the public end, which the account pays for. */
  readonly probeMinutes?: number;
  /** The user's own configuration of ngrok; by default the file that ngrok reads itself, if it exists. */
  readonly configFile?: string;
};

export type DriverSpec =
  | { readonly kind: 'ssh'; readonly settings: SshSpec }
  | { readonly kind: 'ngrok'; readonly settings: NgrokSpec };

/** How long the daemon waits for the tunnel's public end and for nonces. */
export type TunnelTimings = {
  /** Between two probes of a tunnel that is up. */
  readonly livenessMs: number;
  /** Longest wait for a nonce to come back. */
  readonly probeTimeoutMs: number;
  /** From one probe to the next after one that failed, and the longest wait for its nonce. */
  readonly degradedMs: number;
  /** Longest wait for the public end. */
  readonly openTimeoutMs: number;
};

/** When something public ends. */
export type Deadline = {
  /** As ISO time. */
  readonly until: string;
  /** The same moment as time since boot, which nobody can set back, and the boot (boot_id) in which that holds. */
  readonly boot?: { readonly id: string; readonly untilMs: number };
};

export type TunnelSpec = Partial<Deadline> & {
  readonly driver: DriverSpec;
  /** Where the master listens. */
  readonly master: { readonly host: string; readonly port: number };
  /** Signs the daemon's own liveness probes. */
  readonly secret: string;
  /** The address that running pods may know. */
  readonly previous?: PublicAddress;
  /** It does not expire while its end is proven private. */
  readonly staysIfPrivate?: boolean;
  readonly timings?: Partial<TunnelTimings>;
};

/** The forwards from this host to a Gateway; they expire where their address is not loopback. */
export type ForwardSpec = Partial<Deadline> & {
  readonly kubeconfigPath: string;
  readonly kubeContext: string;
  /** Of an attached cluster: where its credentials may come from. */
  readonly attach?: AttachTarget;
  readonly gateway: GatewayName;
  /** Where to listen on this host; a listener has the same port here and on the Gateway. */
  readonly address: string;
  readonly portRange: PortRange;
};

/** The input of an instance's tunnel daemon: `tunnels.json` in the instance's folder. */
export type TunnelDaemonSpec = {
  readonly instance: string;
  /** Unix socket on which it serves its status. */
  readonly socketPath: string;
  /** The instance's. */
  readonly folder: string;
  readonly logsDir: string;
  readonly tunnel?: TunnelSpec;
  readonly forward?: ForwardSpec;
};
