import type { Recovery } from './recovery.ts';
import type { Scenario } from './scenarios.ts';
import type { ChurnTotal } from './traffic/churn.ts';
import type { HeldTotal } from './traffic/held.ts';

/** Connections that were open while something was broken, through the Gateway or through the tunnel. */
export type HeldWay = 'forward' | 'reverse';

export type HeldResult = HeldTotal & { readonly way: HeldWay };

/** What one fault led to. */
export type Outcome = {
  readonly scenario: Scenario;
  /** What was seen to be broken. */
  readonly injected: string;
  /** Why nothing was broken, or not for as long as it should be: then nothing else counts. */
  readonly notInjected?: string;
  readonly recovery: Recovery;
  readonly held: readonly HeldResult[];
  readonly churn: ChurnTotal;
  readonly leftovers: readonly string[];
};

export type Failing = 'not-injected' | 'not-recovered' | 'bytes-lost' | 'request-failed' | 'left-behind';
export type Failure = { readonly kind: Failing; readonly text: string };

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** Whether connections of this way may end by a scenario. */
export const isCut = ({ cutsForward, cutsReverse }: Scenario, way: HeldWay): boolean =>
  way === 'forward' ? cutsForward : cutsReverse;

const judgeRecovery = ({ scenario: { promiseSeconds }, recovery }: Outcome): readonly Failure[] => {
  if (!recovery.isRecovered) return [{ kind: 'not-recovered', text: `it did not recover: ${recovery.seen}` }];
  const { afterMs } = recovery;
  if (afterMs <= promiseSeconds * 1_000) return [];
  const exact = `${afterMs} ms, and ${promiseSeconds * 1_000} ms are allowed`;
  return [{ kind: 'not-recovered', text: `it recovered after ${exact}` }];
};

const judgeHeld = ({ scenario, held }: Outcome): readonly Failure[] =>
  held
    .filter(({ way, lostBytes, failure }) => !isCut(scenario, way) && (lostBytes > 0 || failure !== undefined))
    .map(({ way, lostBytes, failure, longestAnswerMs }) => ({
      kind: 'bytes-lost',
      text: `a held connection (${way}) lost ${lostBytes} bytes${failure ? `: ${failure}` : ''}; its longest wait was ${seconds(longestAnswerMs)}`,
    }));

/** Where requests are refused and nothing is broken, none may fail. */
const judgeChurn = ({ scenario: { breakage }, churn }: Outcome): readonly Failure[] =>
  breakage.kind === 'api' && churn.failures > 0
    ? [{ kind: 'request-failed', text: `${churn.failures} listeners failed: ${churn.lastFailure}` }]
    : [];

/** What a fault has shown to be wrong; nothing where all promises were kept. */
export const judge = (outcome: Outcome): readonly Failure[] => {
  const { notInjected, leftovers } = outcome;
  if (notInjected !== undefined) return [{ kind: 'not-injected', text: notInjected }];
  return [
    ...judgeRecovery(outcome),
    ...judgeHeld(outcome),
    ...judgeChurn(outcome),
    ...leftovers.map((text): Failure => ({ kind: 'left-behind', text })),
  ];
};
