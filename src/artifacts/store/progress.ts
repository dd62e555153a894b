import type { Progress } from '../../lib/progress.ts';
import { withoutPasswords } from '../../lib/redact.ts';

type ArtifactState = 'cached' | 'waiting' | 'downloading' | 'building' | 'done' | 'skipped-source' | 'failed';

export type ArtifactProgress = Omit<Progress, 'phase'> & { readonly state: ArtifactState; readonly detail: string };

export type OnProgress = (progress: ArtifactProgress) => void;

/** Reports the state of one item, and what it currently works on. */
export type ReportState = (state: ArtifactState, detail: string, now?: string) => void;

const formatMegabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** `12.3 of 98.0 MB`, or `12.3 MB` while the total is unknown. */
export const formatBytes = (done: number, total?: number): string =>
  total === undefined ? `${formatMegabytes(done)} MB` : `${formatMegabytes(done)} of ${formatMegabytes(total)} MB`;

/** Adds up the bytes of several files; the total is known once all have begun. */
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

const isActive = (state: ArtifactState): boolean =>
  state === 'waiting' || state === 'downloading' || state === 'building';

/** Whether an item in this state is in progress, waits or is done. */
export const phaseOf = (state: ArtifactState): Pick<Progress, 'phase'> => {
  if (isActive(state)) return { phase: state === 'waiting' ? 'waiting' : 'working' };
  return state === 'cached' || state === 'done' ? { phase: 'done' } : {};
};

const reasons: readonly ArtifactState[] = ['skipped-source', 'failed'];

/**
 * Reports one item with its elapsed time. Frequent changes are reported at most every `pauseMs`; without changes, the
 * elapsed time is still updated.
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
  const timer = setInterval(() => latest && isActive(latest.state) && send(), pauseMs);
  timer.unref();
  const report: ReportState = (state, detail, now) => {
    const isNews = state !== latest?.state || !isActive(state);
    // both may quote a tool, which may name a proxy or an index with its password
    latest = { state, detail: withoutPasswords(detail), ...(now && { now: withoutPasswords(now) }) };
    if (isNews) send();
  };
  return { report, stop: () => clearInterval(timer) };
};
