/** Why a hop is broken, and what to do about it. */
export type Finding = { readonly cause: string; readonly hint: string };

/** One step of the path, proven or broken. */
export type Hop = {
  readonly direction: 'forward' | 'reverse';
  readonly from: string;
  readonly to: string;
  readonly ok: boolean;
  readonly latencyMs?: number;
  /** What proves it, or what was seen instead. */
  readonly evidence: string;
  readonly finding?: Finding;
};

export type Proof = { readonly ok: boolean; readonly hops: readonly Hop[] };
