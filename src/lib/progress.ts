/** How far one thing is, of those that a step works on side by side. */
export type Progress = {
  readonly name: string;
  /** Changes seldom: a log has a line for each change. */
  readonly state: string;
  /** How far it is in this state. */
  readonly detail?: string;
  /** What it is busy with at this moment. */
  readonly now?: string;
  readonly elapsedMs?: number;
  /** `working`: its detail changes all the time; `waiting`: for another; `done`: it has ended well. None for what is no work. */
  readonly phase?: 'working' | 'waiting' | 'done';
};

/** Says in one line what is going on, or how far one thing is. */
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
  const parts = [
    `${name}: ${state}${detail ? ` ${detail}` : ''}`,
    ...(now ? [`now ${now}`] : []),
    ...(elapsedMs === undefined ? [] : [formatElapsed(elapsedMs)]),
  ];
  return parts.join(', ');
};
