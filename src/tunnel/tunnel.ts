import type { UserError } from '../lib/errors.ts';
import type { Runner } from '../lib/process/runner.ts';
import type { spawnTethered } from '../lib/process/tethered.ts';
import type { PublicAddress, TunnelKind } from '../model/master-endpoint.ts';

export type OpenInput = {
  /** Port on 127.0.0.1 to which the tunnel carries what arrives at its public end. */
  readonly localPort: number;
  /** The address of the last run, which running pods know: the driver requests it again if it can. */
  readonly previous?: PublicAddress;
  readonly signal: AbortSignal;
};

/** One run of a tunnel's program; the signal with which it was opened ends it, too. */
export type OpenTunnel = {
  readonly address: PublicAddress;
  /** Resolves when the program has ended, with its exit status and last output. */
  readonly ended: Promise<string>;
  readonly close: () => Promise<void>;
};

/** One kind of tunnel to one server. */
export type TunnelDriver = {
  readonly kind: TunnelKind;
  /** Where it goes, for people: `ssh aws-dev.prv`, `ngrok tasks.example.app`. */
  readonly target: string;
  /** Starts the program; resolves when its public end exists. Throws UserError `tunnel.*`. */
  readonly open: (input: OpenInput) => Promise<OpenTunnel>;
  /** Whether a retry is useless until the user has fixed something: a refused key, a missing token. */
  readonly isFinal: (error: UserError) => boolean;
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
