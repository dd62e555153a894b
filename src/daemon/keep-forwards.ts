import type { Deadline, ForwardSpec } from '../instance/tunnels.ts';
import type { ForwardStatus } from '../model/tunnel-status.ts';
import { makeExpiry } from './expiry.ts';
import type { TunnelJournal } from './journal.ts';
import { deadlineOf } from './spec.ts';

type Tools = {
  readonly signal: AbortSignal;
  readonly journal: Pick<TunnelJournal, 'note'>;
  readonly env?: Readonly<Record<string, string | undefined>>;
};

export type KeptForwards = {
  readonly status: () => ForwardStatus;
  /** Changes the time of expiry; what has expired is opened again if that is in the future. */
  readonly setDeadline: (deadline: Deadline | undefined) => void;
  /** Ends with the signal. */
  readonly done: Promise<void>;
};

const reopenHint = 'if the master still needs them: taskgate tunnel extend --hours N';

/** Runs the forwards of an instance, and their expiry where others can reach them. */
export const startForwards = async (spec: ForwardSpec, { signal, journal, env = {} }: Tools): Promise<KeptForwards> => {
  // the Kubernetes client takes time and memory that a tunnel alone does not need
  const { keepForwards } = await import('../forward/forward.ts');
  const expiry = await makeExpiry(deadlineOf(spec));
  let status: ForwardStatus = { state: 'starting', listeners: [], connections: 0 };
  const onState = (next: ForwardStatus): void => {
    const isChanged = next.state !== status.state || next.detail !== status.detail;
    status = next;
    if (!isChanged) return;
    journal.note(`forwards on ${spec.address} ${next.state}${next.detail ? `: ${next.detail}` : ''}`);
  };
  const keepUntilExpired = async (): Promise<void> => {
    const ending = new AbortController();
    const until = AbortSignal.any([signal, ending.signal]);
    const kept = keepForwards(spec, { signal: until, onState, env });
    await expiry.whenOver(signal).finally(() => ending.abort());
    await kept;
  };
  const keep = async (): Promise<void> => {
    for (;;) {
      if (!expiry.isOver()) await keepUntilExpired();
      const detail = `expired at ${expiry.until()}`;
      onState({ state: 'ended', detail, hint: reopenHint, listeners: [], connections: 0 });
      await expiry.whenExtended(signal);
    }
  };
  const done = keep().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return {
    status: () => {
      const until = expiry.until();
      return { ...status, ...(until && { until }) };
    },
    setDeadline: expiry.set,
    done,
  };
};
