import type { UserError } from '../lib/errors.ts';
import type { PublicAddress, TunnelKind } from '../model/master-endpoint.ts';

export type OpenInput = {
  /** Port on 127.0.0.1 to which the tunnel carries what arrives at its public end. */
  readonly localPort: number;
  /** The address of the run before: running pods keep it, so it must be had again where that is possible. */
  readonly previous?: PublicAddress;
  readonly signal: AbortSignal;
};

/** One run of a tunnel's program; aborting the signal that it was opened with ends it, too. */
export type OpenTunnel = {
  readonly address: PublicAddress;
  /** Resolves when the program has ended, with how it did and what it said last. */
  readonly ended: Promise<string>;
  readonly close: () => Promise<void>;
};

/** One kind of tunnel to one place. */
export type TunnelDriver = {
  readonly kind: TunnelKind;
  /** Where it goes, for people: `ssh aws-dev.prv`, `ngrok tasks.example.app`. */
  readonly target: string;
  /** Starts the program; resolves when its public end exists. Throws UserError `tunnel.*`. */
  readonly open: (input: OpenInput) => Promise<OpenTunnel>;
  /** Whether trying again is of no use until the user has mended something: a refused key, a missing token. */
  readonly isFinal: (error: UserError) => boolean;
};
