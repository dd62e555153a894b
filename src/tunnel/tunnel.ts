import type { UserError } from '../lib/errors.ts';
import type { Runner } from '../lib/process/runner.ts';
import type { spawnTethered } from '../lib/process/tethered.ts';
import type { PublicAddress, TunnelKind } from '../model/master-endpoint.ts';
import type { Finding } from '../model/path.ts';
import type { PrivateEnd } from '../model/tunnel-status.ts';

/** Sends a fresh nonce to an address: `true` when it came back through the relay, otherwise what was seen. */
export type SendNonce = (
  address: PublicAddress,
  limits: {
    readonly signal: AbortSignal;
    readonly timeoutMs: number;
    /** The address was reached without a proxy: so are the probes. */
    readonly isDirect?: boolean;
    /** Called unless no connection came about: the public end may have counted the question. */
    readonly onSent?: () => void;
  },
) => Promise<string | true>;

export type OpenInput = {
  /** Port on 127.0.0.1 to which the tunnel carries what arrives at its public end. */
  readonly localPort: number;
  /** The address of the last run, which running pods know: the driver requests it again if it can. */
  readonly previous?: PublicAddress;
  readonly probe: SendNonce;
  readonly signal: AbortSignal;
};

/** What a tunnel's program itself reports, which costs no question through the public end. */
export type OwnReport = {
  /** `true` while it says that its session stands and that it serves the address, otherwise what it says instead. */
  readonly look: (signal: AbortSignal) => Promise<true | string>;
  /** Resolves at the next change of its session. */
  readonly changed: () => Promise<void>;
};

/** One run of a tunnel's program; the signal with which it was opened ends it, too. */
export type OpenTunnel = {
  readonly address: PublicAddress;
  /** Set where the end was asked for at a private address. */
  readonly privateEnd?: PrivateEnd;
  /** A connection from this host came through, without a proxy. */
  readonly isDirect?: boolean;
  /** The program reports that the end stands, and this host does not reach it: why, and what to do if pods do not either. */
  readonly unseen?: Finding;
  readonly report?: OwnReport;
  /** Resolves when the program has ended, with its exit status and last output. */
  readonly ended: Promise<string>;
  readonly close: () => Promise<void>;
};

/** A connection from the tunnel's program to the relay, by its ports on the loopback address. */
export type LocalConnection = { readonly from: number; readonly to: number };

/** One kind of tunnel to one server. */
export type TunnelDriver = {
  readonly kind: TunnelKind;
  /** Where it goes, for people: `ssh aws-dev.prv`, `ngrok tasks.example.app`. */
  readonly target: string;
  /** Starts the program; resolves when its public end exists. Throws UserError `tunnel.*`. */
  readonly open: (input: OpenInput) => Promise<OpenTunnel>;
  /** Where the account pays for questions through the public end: the usual time between two of them. */
  readonly askEveryMs?: number;
  /** The error that the answer of the public end to a nonce means, if it is one of the service's own. */
  readonly explain?: (seen: string) => UserError | undefined;
  /** Whether a retry is useless until the user has fixed something: a refused key, a missing token. */
  readonly isFinal: (error: UserError) => boolean;
  /** The address from which a connection came; undefined if that is unknown. `head` is what was read of it. */
  readonly findOriginator: (connection: LocalConnection, head: Buffer) => Promise<string | undefined>;
};

/** What a driver runs its program with. */
export type DriverTools = {
  readonly runner: Runner;
  readonly spawn: typeof spawnTethered;
  /** The program's whole environment: HOME, PATH, SSH_AUTH_SOCK, NGROK_AUTHTOKEN, HTTPS_PROXY. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The instance's. */
  readonly folder: string;
};
