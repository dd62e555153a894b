/** The progress of one of the things that a step works on in parallel. */
export type Progress = {
  readonly name: string;
  /** Changes rarely: a log has a line for each change. */
  readonly state: string;
  /** The progress in this state. */
  readonly detail?: string;
  /** What it currently works on. */
  readonly now?: string;
  readonly elapsedMs?: number;
  /** `working`: its detail changes constantly; `waiting`: for another; `done`: it succeeded. Undefined if it is not work. */
  readonly phase?: 'working' | 'waiting' | 'done';
};

/** Reports a line of text, or the progress of one thing. */
export type Report = (what: string | Progress) => void;

/** `95 s` as `1:35`. */
export const formatElapsed = (elapsedMs: number): string => {
  const seconds = Math.floor(elapsedMs / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};

/** `etcd: building 3 of at most 9 packages, now go.etcd.io/bbolt, 1:35`. */
export const describeProgress = (what: string | Progress): string => {
  if (typeof what === 'string') return what;
  const { name, state, detail, now, elapsedMs } = what;
  const elapsed = elapsedMs !== undefined && formatElapsed(elapsedMs);
  return [`${name}: ${state}${detail ? ` ${detail}` : ''}`, now && `now ${now}`, elapsed].filter(Boolean).join(', ');
};
