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
  /** The error by which the run ended in the middle of it. */
  readonly error?: string;
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

/** Without a connection on which answers came, no byte could be lost. */
const judgeHolding = ({ held }: Outcome): readonly Failure[] =>
  held.some(({ answered }) => answered > 0)
    ? []
    : [{ kind: 'bytes-lost', text: 'nothing is proven: no connection was held on which an answer came' }];

/** Where requests are refused and nothing is broken, none may fail; everywhere one listener must come, answer and go. */
const judgeChurn = ({ scenario: { breakage }, churn }: Outcome): readonly Failure[] => {
  const { rounds, failures, lastFailure } = churn;
  const last = lastFailure === undefined ? '' : `; the last failed: ${lastFailure}`;
  if (breakage.kind === 'api' && failures > 0) {
    return [{ kind: 'request-failed', text: `${failures} listeners failed: ${lastFailure}` }];
  }
  // what answers on the listeners has ended with the node: the proof of the recovery has a task of its own
  if (rounds > 0 || breakage.kind === 'supervisor') return [];
  return [{ kind: 'request-failed', text: `nothing is proven: no listener came, answered and went since${last}` }];
};

/** What a fault has shown to be wrong; nothing where all promises were kept. */
export const judge = (outcome: Outcome): readonly Failure[] => {
  const { notInjected, error, leftovers } = outcome;
  if (notInjected !== undefined) return [{ kind: 'not-injected', text: notInjected }];
  if (error !== undefined) return [{ kind: 'not-recovered', text: `it ended by an error: ${error}` }];
  return [
    ...judgeRecovery(outcome),
    ...judgeHolding(outcome),
    ...judgeHeld(outcome),
    ...judgeChurn(outcome),
    ...leftovers.map((text): Failure => ({ kind: 'left-behind', text })),
  ];
};
