/** Why a hop is broken, and what to do about it. */
export type Finding = { readonly cause: string; readonly hint: string };

/**
 * One step of the path, proven or broken. `closed` is a negative proof: a connection that must fail was tried, and `ok`
 * says that it failed.
 */
export type Hop = {
  readonly direction: 'forward' | 'reverse' | 'closed';
  readonly from: string;
  readonly to: string;
  readonly ok: boolean;
  readonly latencyMs?: number;
  /** What proves it, or what was seen instead. */
  readonly evidence: string;
  readonly finding?: Finding;
};

export type Proof = { readonly ok: boolean; readonly hops: readonly Hop[] };

/** The two ends of a hop as a line of text. Tested in test/report/hop-table.test.ts. */
export const arrowOf = ({ direction, from, to }: Hop): string =>
  `${from} ${direction === 'closed' ? '──x' : '──>'} ${to}`;
