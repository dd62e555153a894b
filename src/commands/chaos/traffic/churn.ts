// Tested in test/e2e/chaos.test.ts
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf, UserError } from '../../../lib/errors.ts';
import { type Kube, KubeError } from '../../../lib/kube/client.ts';
import { answers, expose, type Server, unexpose } from './server.ts';

export type ChurnTotal = {
  /** Listeners that came, answered, and went, since {@link Churn.begin} or else since the start. */
  readonly rounds: number;
  /** Rounds that did not: while something is broken, some may. */
  readonly failures: number;
  readonly lastFailure?: string;
};

export type Churn = {
  /** From now on something is broken: rounds are counted anew. */
  readonly begin: () => void;
  /** Lets the round come to its end, and tells. Safe to repeat. */
  readonly stop: () => Promise<ChurnTotal>;
  /** The same after a recovery: one more round where the one under way began before it and failed. */
  readonly stopRecovered: () => Promise<ChurnTotal>;
};

const restMs = 100;
const answerMs = 10_000;

const isExpected = (error: unknown): boolean => error instanceof UserError || error instanceof KubeError;

/** Adds a listener, dials it until it answers, and takes it away, one after the other, until it is stopped; `slack` times as patient as usual. */
export const startChurn = (kube: Kube, server: Server, slack: number): Churn => {
  const stopping = new AbortController();
  let [rounds, failures, lastFailure]: [number, number, string | undefined] = [0, 0, undefined];
  const round = async (): Promise<void> => {
    const exposed = await expose(kube, server);
    const signal = new AbortController().signal;
    const seen = await answers(exposed, { timeoutMs: answerMs * slack, signal });
    await unexpose(kube, server, exposed);
    if (seen !== true) throw new UserError(`a new listener: ${seen}`, { id: 'proof.not-recovered' });
    rounds++;
  };
  const tryRound = (): Promise<void> =>
    round().catch((error: unknown) => {
      if (!isExpected(error)) throw error;
      failures++;
      lastFailure = messageOf(error);
    });
  const work = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await tryRound();
      await pause(restMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const working = work();
  working.catch(() => undefined); // told by `stop`
  const stop = async (): Promise<ChurnTotal> => {
    stopping.abort();
    await working;
    return { rounds, failures, ...(lastFailure !== undefined && { lastFailure }) };
  };
  return {
    begin: () => {
      rounds = 0;
    },
    stop,
    stopRecovered: async () => {
      await stop();
      if (rounds === 0) await tryRound();
      return stop();
    },
  };
};
