import type { Progress } from '../../lib/progress.ts';

type ArtifactState = 'cached' | 'waiting' | 'downloading' | 'building' | 'done' | 'skipped-source' | 'failed';

export type ArtifactProgress = Omit<Progress, 'phase'> & { readonly state: ArtifactState; readonly detail: string };

export type OnProgress = (progress: ArtifactProgress) => void;

/** Tells how far one item is, and what it is busy with now. */
export type ReportState = (state: ArtifactState, detail: string, now?: string) => void;

const formatMegabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** `12.3 of 98.0 MB`, or `12.3 MB` while the whole is unknown. */
export const formatBytes = (done: number, total?: number): string =>
  total === undefined ? `${formatMegabytes(done)} MB` : `${formatMegabytes(done)} of ${formatMegabytes(total)} MB`;

/** Adds up the bytes of several files; their whole is known once all have begun. */
export type Meter = { readonly of: (file: string) => (done: number, total: number | undefined) => void };

export const makeMeter = (files: number | undefined, report: (detail: string) => void): Meter => {
  const seen = new Map<string, { done: number; total: number | undefined }>();
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  return {
    of: (file) => (done, total) => {
      seen.set(file, { done, total });
      const all = [...seen.values()];
      const totals = all.flatMap((each) => each.total ?? []);
      const whole = totals.length === files ? sum(totals) : undefined;
      report(formatBytes(sum(all.map((each) => each.done)), whole));
    },
  };
};

const moves = (state: ArtifactState): boolean => state === 'waiting' || state === 'downloading' || state === 'building';

/** Whether an item in this state is being worked on, waits, or is there. */
export const phaseOf = (state: ArtifactState): Pick<Progress, 'phase'> => {
  if (moves(state)) return { phase: state === 'waiting' ? 'waiting' : 'working' };
  return state === 'cached' || state === 'done' ? { phase: 'done' } : {};
};

const reasons: readonly ArtifactState[] = ['skipped-source', 'failed'];

/**
 * Reports one item with the time it has taken. What changes fast is told every `pauseMs` at most; while nothing
 * changes, the time still goes on, so that a reader sees what is being waited for and how long.
 */
export const startReporting = (
  name: string,
  onProgress: OnProgress,
  pauseMs = 1000,
): { report: ReportState; stop: () => void } => {
  const startedAt = Date.now();
  let latest: Omit<ArtifactProgress, 'name'> | undefined;
  const send = () => {
    if (!latest) return;
    onProgress({ name, ...latest, ...(!reasons.includes(latest.state) && { elapsedMs: Date.now() - startedAt }) });
  };
  const timer = setInterval(() => latest && moves(latest.state) && send(), pauseMs);
  timer.unref();
  const report: ReportState = (state, detail, now) => {
    const isNews = state !== latest?.state || !moves(state);
    latest = { state, detail, ...(now && { now }) };
    if (isNews) send();
  };
  return { report, stop: () => clearInterval(timer) };
};
